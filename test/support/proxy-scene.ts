import { type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { onTestFinished } from "vitest";
import { readAuthDocument } from "../../src/codex/auth-json.ts";
import type { Account } from "../../src/pool/account.ts";
import { adopt } from "../../src/pool/adopt.ts";
import type { RotationProxy, RotationProxyOptions } from "../../src/proxy/options.ts";
import { startRotationProxy } from "../../src/proxy/rotation-proxy.ts";
import type { Transaction, Store } from "../../src/store/store.ts";
import { FakeResponses } from "./openai/responses.ts";
import type { Login } from "./forge.ts";
import { type Home, homeWith, seat, storeOf } from "./store-home.ts";

export const testKey = "k-0123456789abcdef";

/** What a client got. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
  /** The connection ended before the answer did. */
  isCut: boolean;
}

interface Asked {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export const codexHeaders = {
  "user-agent": "codex_exec/0.169.0 (Debian 12.0.0; x86_64) xterm",
  originator: "codex_exec",
  accept: "text/event-stream",
  "content-type": "application/json",
  "session-id": "sess-1",
  "thread-id": "thread-1",
};

/** A proxy in front of a fake backend, with a real store of a few accounts. */
export class ProxyScene {
  readonly home: Home;
  readonly store: Store;
  readonly fake: FakeResponses;
  readonly proxy: RotationProxy;

  private constructor(home: Home, store: Store, fake: FakeResponses, proxy: RotationProxy) {
    this.home = home;
    this.store = store;
    this.fake = fake;
    this.proxy = proxy;
  }

  static async open(
    names: readonly string[],
    options: Partial<RotationProxyOptions> = {},
  ): Promise<ProxyScene> {
    const home = await homeWith(names);
    const fake = await FakeResponses.start();
    const store = (options.store as Store | undefined) ?? storeOf(home);
    const renew = () => Promise.reject(new Error("unexpected renewal"));
    const { limits, ...others } = options;
    const proxy = await startRotationProxy({
      key: testKey,
      backend: fake.backend,
      renew,
      ...others,
      store,
      limits: { pollMs: 60_000, ...limits },
    });
    onTestFinished(() => proxy.close());
    return new ProxyScene(home, store, fake, proxy);
  }

  /** Workspace ids in the order in which equal accounts are asked. */
  async order(): Promise<string[]> {
    const { pool } = await this.store.read();
    return pool.accounts
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ login }) => (login.identity.kind === "seat" ? login.identity.accountId : ""));
  }

  async idOf(workspace: string): Promise<string> {
    return (await this.accountOf(workspace)).id;
  }

  async accountOf(workspace: string): Promise<Account> {
    const { pool } = await this.store.read();
    const found = pool.accounts.find((each) => workspaceOf(each) === workspace);
    if (!found) throw new Error(`no account ${workspace}`);
    return found;
  }

  /** Another process changes the pool. */
  async change(workspace: string, work: (account: Account, transaction: Transaction) => void): Promise<void> {
    await storeOf(this.home).transaction("test", (transaction) => {
      const account = transaction.pool.accounts.find((each) => workspaceOf(each) === workspace);
      if (account) work(account, transaction);
    });
  }

  /** Another process adds an account, or renews its login. */
  async logIn(name: string, more: Login = {}): Promise<void> {
    await this.adopt(seat(name, more));
  }

  async adopt(document: object): Promise<void> {
    const reading = readAuthDocument({ ...document });
    if (reading.kind !== "login") throw new Error("A forged login is not read.");
    const { login } = reading;
    await storeOf(this.home).transaction("test", ({ pool }) => {
      adopt(pool, login, { nowMs: Date.now(), tie: "login" });
    });
  }

  /** A turn as Codex sends it. */
  post(asked: Asked = {}): Promise<Answer> {
    return this.begin(asked).answer;
  }

  /** A request that can be given up. */
  begin({ method = "POST", path = "/responses", headers = {}, body = "{}" }: Asked = {}) {
    const url = new URL(`${this.proxy.url}${path}`);
    return send({
      url,
      method,
      headers: { ...codexHeaders, ...headers },
      body: method === "GET" ? "" : body,
    });
  }

  /** Bytes on a connection of their own, and everything that comes back. */
  raw(bytes: string): Promise<string> {
    return rawExchange(this.proxy.port, bytes);
  }
}

export function workspaceOf({ login }: Account): string {
  return login.identity.kind === "seat" ? login.identity.accountId : "";
}

interface Sent {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body: string | Buffer;
}

export function send({ url, method, headers, body }: Sent) {
  const request = httpRequest(url, { method, headers, agent: false, maxHeaderSize: 100_000 });
  const chunks: Buffer[] = [];
  let onFirst = () => {};
  const firstByte = new Promise<void>((resolve) => (onFirst = resolve));
  const answer = new Promise<Answer>((resolve, reject) => {
    request.once("error", reject);
    request.once("response", (response) => {
      const { statusCode: status = 0 } = response;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        onFirst();
      });
      response.on("error", () => undefined);
      response.once("close", () => {
        const bytes = Buffer.concat(chunks);
        const isCut = !response.complete;
        resolve({ status, headers: response.headers, body: bytes, text: bytes.toString(), isCut });
      });
    });
  });
  answer.catch(() => undefined);
  request.end(body);
  return {
    answer,
    firstByte,
    abort: () => request.destroy(),
    received: () => Buffer.concat(chunks).toString(),
  };
}

export function rawExchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.once("close", () => resolve(text));
    socket.write(bytes, "latin1");
    // A server that keeps the connection open has said what it has to say.
    socket.setTimeout(1000, () => socket.destroy());
  });
}
