import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A request as upstream got it. */
export interface Received {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly accountId: string;
  readonly token: string;
  /** Of the proxy's side: it tells the connections apart. */
  readonly port: number;
  /** Resolves when the proxy closes the connection before the answer has ended. */
  readonly aborted: Promise<void>;
}

export type Scene = (response: ServerResponse, received: Received) => void | Promise<void>;

/** The Codex backend on a free port of 127.0.0.1, whose answers a test directs, account by account. */
export class FakeResponses {
  /** Every POST of a turn, GET of models and so on; not the questions for the workspace. */
  readonly received: Received[] = [];
  /** Questions for the workspace, by account. */
  readonly checked: string[] = [];
  /** The workspace as it is told to one account. */
  readonly workspaces = new Map<string, object>();
  checkStatus = 200;
  /** What the usage endpoint says of one account; it knows of no other. */
  readonly usage = new Map<string, object>();
  /** Questions for the usage, by account. */
  readonly usageAsked: string[] = [];
  /** For a real Codex, which asks for models by itself: answered with none, and not counted. */
  servesModels = false;
  /** Models that it lists, by name. */
  models: readonly string[] = [];
  readonly #scenes = new Map<string, Scene[]>();
  readonly #always = new Map<string, Scene>();
  readonly #sockets = new Set<Socket>();
  readonly #arrivals = new Set<() => void>();
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<FakeResponses> {
    const fake = new FakeResponses();
    await new Promise<void>((resolve) => fake.#server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => fake.close());
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get backend(): string {
    return `${this.url}/backend-api`;
  }

  onUpgrade(work: (request: IncomingMessage, socket: Socket, head: Buffer) => void): void {
    this.#server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#sockets.add(socket);
      work(request, socket, head);
    });
  }

  /** What the account answers to its next requests, one scene each; then it answers well again. */
  next(accountId: string, ...scenes: readonly Scene[]): void {
    this.#scenes.set(accountId, [...(this.#scenes.get(accountId) ?? []), ...scenes]);
  }

  always(accountId: string, scene: Scene): void {
    this.#always.set(accountId, scene);
  }

  /** The accounts that were asked, in order. */
  get asked(): string[] {
    return this.received.map(({ accountId }) => accountId);
  }

  /** Resolves to the n-th request, from 1, when it has come. */
  async arrival(count: number): Promise<Received> {
    for (;;) {
      const found = this.received[count - 1];
      if (found) return found;
      await new Promise<void>((resolve) => this.#arrivals.add(resolve));
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => undefined);
    const accountId = String(request.headers["chatgpt-account-id"] ?? "");
    if (request.url?.endsWith("/wham/accounts/check")) return this.#check(accountId, response);
    if (request.url?.endsWith("/wham/usage")) {
      this.usageAsked.push(accountId);
      const usage = this.usage.get(accountId);
      response.writeHead(usage ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify(usage ?? {}));
      return;
    }
    if ((this.servesModels || this.models.length > 0) && request.method === "GET") {
      const models = this.models.map((slug) => ({ slug }));
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ models }));
      return;
    }
    const received = await receive(request, response, accountId);
    if (received === null) return;
    this.received.push(received);
    for (const tell of this.#arrivals) tell();
    this.#arrivals.clear();
    const scene = this.#scenes.get(accountId)?.shift() ?? this.#always.get(accountId) ?? answers();
    await scene(response, received);
  }

  #check(accountId: string, response: ServerResponse): void {
    this.checked.push(accountId);
    const workspace = {
      workspace_backend_origin: "NO_CONSTRAINT",
      account_routing_override: "NO_CONSTRAINT",
    };
    const account = { id: accountId, ...workspace, ...this.workspaces.get(accountId) };
    response.writeHead(this.checkStatus, { "content-type": "application/json" });
    response.end(JSON.stringify({ accounts: [account], default_account_id: accountId }));
  }
}

async function receive(request: IncomingMessage, response: ServerResponse, accountId: string) {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
  } catch {
    return null;
  }
  const aborted = new Promise<void>((resolve) => {
    response.once("close", () => (response.writableFinished ? undefined : resolve()));
  });
  const { url: path = "", method = "", headers, rawHeaders } = request;
  const port = request.socket.remotePort ?? 0;
  const token = (headers.authorization ?? "").replace("Bearer ", "");
  return { path, method, headers, rawHeaders, body: Buffer.concat(chunks), accountId, token, port, aborted };
}

const stream = { "content-type": "text/event-stream" };

export function sse(...events: readonly object[]): string {
  return events
    .map((event) => `event: ${String((event as { type?: string }).type)}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}

export function created(id = "resp_1") {
  return { type: "response.created", response: { id, status: "in_progress" } };
}

export function delta(text: string) {
  return { type: "response.output_text.delta", delta: text };
}

export function completed(id = "resp_1") {
  const usage = {
    input_tokens: 11,
    input_tokens_details: { cached_tokens: 3 },
    output_tokens: 5,
    total_tokens: 16,
  };
  return { type: "response.completed", response: { id, status: "completed", output: [], usage } };
}

const item = {
  type: "message",
  id: "msg_1",
  role: "assistant",
  content: [{ type: "output_text", text: "hello" }],
};

export function itemDone() {
  return { type: "response.output_item.done", output_index: 0, item };
}

/** The whole turn of an account that answers well. */
export function goodStream(id = "resp_1"): string {
  return sse(created(id), delta("hel"), delta("lo"), itemDone(), completed(id));
}

function answers(headers: Record<string, string> = {}, id = "resp_1"): Scene {
  return (response) => void response.writeHead(200, { ...stream, ...headers }).end(goodStream(id));
}

/** Says who answered, so that a mix-up shows. */
export function answersAs(name: string): Scene {
  return (response) =>
    void response
      .writeHead(200, stream)
      .end(sse(created(), delta(`I am ${name}`), itemDone(), completed(`resp_${name}`)));
}

export function refuses(status: number, body: object | string, headers: Record<string, string> = {}): Scene {
  const isText = typeof body === "string";
  const type = { "content-type": isText ? "text/html" : "application/json" };
  return (response) =>
    void response.writeHead(status, { ...type, ...headers }).end(isText ? body : JSON.stringify(body));
}

export function errorBody(code: string, more: object = {}) {
  return { error: { code, type: code, message: `upstream says ${code}`, ...more } };
}

/** A stream that begins with these events and then ends. */
export function streams(...events: readonly object[]): Scene {
  return (response) => void response.writeHead(200, stream).end(sse(...events));
}

export function fails(code: string, more: object = {}) {
  return { type: "response.failed", response: { id: "resp_f", status: "failed", ...errorBody(code, more) } };
}

/** Never answers. */
export const silent: Scene = () => undefined;

/** Headers, and then nothing. */
export const stalls: Scene = (response) => response.writeHead(200, stream).flushHeaders();

export const stallsWithComments: Scene = (response) => {
  response.writeHead(200, stream).write(": keep-alive\n\n");
  const timer = setInterval(() => response.write(": keep-alive\n\n"), 20);
  response.once("close", () => clearInterval(timer));
};

/** Closes the connection without an answer. */
export const resets: Scene = (response) => void response.socket?.resetAndDestroy();

/** Headers and half an event, then the connection is gone. */
export function cutsAfter(text: string): Scene {
  return (response) => {
    response.writeHead(200, stream);
    response.write(text, () => setImmediate(() => response.socket?.resetAndDestroy()));
  };
}
