import * as fs from "node:fs";
import { onTestFinished } from "vitest";
import type { RefreshNeed, RefreshOutcome } from "../../src/auth/renew/need.ts";
import { refreshAccount, type RefreshContext } from "../../src/auth/renew/refresh.ts";
import { readAuthDocument } from "../../src/codex/auth-json.ts";
import type { FileSystem } from "../../src/machine/file-system.ts";
import { resolvePaths } from "../../src/machine/paths.ts";
import { adopt } from "../../src/pool/adopt.ts";
import { openFileStore } from "../../src/store/file-store.ts";
import type { Store } from "../../src/store/store.ts";
import { runFake } from "./fake-context.ts";
import { FakeOpenAI, type FakeReply, type Route } from "./openai/server.ts";
import { TestHome } from "./home.ts";
import { quietParts } from "./quiet-machine.ts";

const minuteMs = 60_000;

/** Renewals by the real protocol inside this process, on a clock that the test turns on. */
export class OutageScene {
  readonly fake: FakeOpenAI;
  readonly home = new TestHome();
  readonly store: Store;
  nowMs = Date.now();
  /** What the file system is for the renewals. */
  fs: FileSystem = fs;
  /** The Codex processes that the renewals see. */
  codex: Pick<RefreshContext, "processes" | "isIdle"> = { processes: () => [] };
  /** Hears how often a renewal has read the store, before it goes on. */
  onRead: ((times: number) => Promise<void>) | null = null;
  /** Waiting takes no time then, and turns the clock on instead. */
  isHurried = false;
  readonly #sleep = async (ms: number) => {
    if (this.isHurried) this.nowMs += ms;
    await new Promise<void>((resolve) => setTimeout(resolve, this.isHurried ? 0 : ms));
  };

  readonly #serve: Route;

  private constructor(fake: FakeOpenAI) {
    this.fake = fake;
    this.#serve = fake.routes.refresh;
    this.store = this.#openStore(fs);
  }

  /** Accounts `<name>@example.com` whose access tokens last so long; none of them is live. */
  static async open(names: readonly string[], { expiresInSec = -60 } = {}): Promise<OutageScene> {
    const fake = await FakeOpenAI.start();
    onTestFinished(() => fake.close());
    const scene = new OutageScene(fake);
    const issuedAt = Math.floor(scene.nowMs / 1000) - 7200;
    const logins = names.map((name) => {
      const who = { email: `${name}@example.com`, userId: `user-${name}`, accountId: `acct-${name}` };
      const document = fake.issuer.issue({ ...who, issuedAt, expiresInSec: 7200 + expiresInSec });
      const reading = readAuthDocument(document);
      if (reading.kind !== "login") throw new Error("A forged login is not read.");
      return reading.login;
    });
    await scene.store.transaction("fill", ({ pool }) => {
      for (const login of logins) adopt(pool, login, { nowMs: scene.nowMs, tie: "pool" });
    });
    return scene;
  }

  get env(): Record<string, string> {
    const { url } = this.fake;
    const addresses = { CODEX_AUTH_ISSUER: url, CODEX_AUTH_BACKEND: `${url}/backend-api` };
    return { LANG: "C.UTF-8", CODEX_AUTH_INVOKED_AS: "codex auth", ...addresses };
  }

  later(minutes: number): void {
    this.nowMs += minutes * minuteMs;
  }

  /** The issuer does this with every renewal; null: it serves again. */
  answer(reply: FakeReply | (() => Promise<FakeReply>) | null): void {
    const route = typeof reply === "function" ? reply : () => reply ?? { status: 200, body: {} };
    this.fake.routes.refresh = reply === null ? this.#serve : route;
  }

  async renew(name: string, need: RefreshNeed = { kind: "expiring" }): Promise<RefreshOutcome> {
    const account = await this.accountOf(name);
    return await this.renewById(account.id, need);
  }

  renewById = (id: string, need: RefreshNeed, env = this.env): Promise<RefreshOutcome> => {
    const store = this.#watched(this.fs === fs ? this.store : this.#openStore(this.fs));
    const clock = { now: () => this.nowMs, sleep: this.#sleep };
    const system = { env, fs: this.fs, store, ...quietParts };
    const effects = { fetch, ...clock, ...system, ...this.codex, isCancelled: () => false };
    return refreshAccount(effects, id, need);
  };

  async accountOf(name: string) {
    const { pool } = await this.store.read();
    const found = pool.accounts.find(({ login }) => login.email === `${name}@example.com`);
    if (!found) throw new Error(`There is no ${name}.`);
    return found;
  }

  /** Runs a command line in this process, on the same clock. */
  run(line: string) {
    const { env, store } = this;
    const renew = (id: string, need: RefreshNeed) => this.renewById(id, need);
    return runFake(this.home, line.split(" "), { env, store, renew, fetch, now: () => this.nowMs });
  }

  async json(line: string) {
    const { code, stdout } = await this.run(`${line} --json`);
    return { code, document: JSON.parse(stdout) };
  }

  /** Whether the pool holds the only token of the account that the issuer would take. */
  async isLost(name: string): Promise<boolean> {
    const { login } = await this.accountOf(name);
    return login.refreshToken !== this.fake.issuer.newestToken(`${name}@example.com`);
  }

  #watched(store: Store): Store {
    let times = 0;
    const read = async () => {
      const snapshot = await store.read();
      await this.onRead?.((times += 1));
      return snapshot;
    };
    return { ...store, read };
  }

  #openStore(fileSystem: FileSystem): Store {
    const paths = resolvePaths({ CODEX_HOME: this.home.path }, this.home.path, this.home.path);
    const clock = { now: () => this.nowMs, sleep: this.#sleep };
    return openFileStore(paths, { fs: fileSystem, ...clock, ...quietParts });
  }
}
