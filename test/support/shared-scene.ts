// Machines that share the accounts of one database: each has a home, a pool and a folder of its own.
import * as fs from "node:fs";
import { onTestFinished } from "vitest";
import type { RefreshNeed, RefreshOutcome } from "../../src/auth/renew/need.ts";
import { readAuthDocument } from "../../src/codex/auth-json.ts";
import { adoptLogin } from "../../src/database/accounts/adopt-login.ts";
import { releaseLogin } from "../../src/database/accounts/release-login.ts";
import { openSharedPool, type SharedPool } from "../../src/database/accounts/shared-pool.ts";
import { type AccountVault, makeVault } from "../../src/database/accounts/vault.ts";
import type { Database } from "../../src/database/database.ts";
import type { ProcessIdentity } from "../../src/machine/identity.ts";
import { currentProcess } from "../../src/machine/processes.ts";
import { adopt } from "../../src/pool/adopt.ts";
import { renewShared } from "../../src/process/run-renewal.ts";
import { selectAccount } from "../../src/pool/select.ts";
import { borrowerOf } from "../../src/store/homes/home-owner.ts";
import { fleetFiles } from "../../src/store/fleet-files.ts";
import type { Store } from "../../src/store/store.ts";
import { openTestDatabase } from "./databases.ts";
import { FakeOpenAI } from "./openai/server.ts";
import { quietParts } from "./quiet-machine.ts";
import { makeHome, storeOf } from "./store-home.ts";
import type { TestHome } from "./home.ts";

const testSecret = { bytes: Buffer.alloc(32, 7), from: "CODEX_AUTH_KEY" };
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export class Machine {
  readonly home: TestHome;
  readonly store: Store;
  readonly database: Database;
  readonly vault: AccountVault;
  readonly pool: SharedPool;
  readonly #fake: FakeOpenAI;
  self: () => ProcessIdentity = currentProcess;
  /** The clock of this machine. */
  now = () => Date.now();
  isCancelled = () => false;

  constructor(parts: Pick<Machine, "home" | "store" | "database" | "vault" | "pool">, fake: FakeOpenAI) {
    this.home = parts.home;
    this.store = parts.store;
    this.database = parts.database;
    this.vault = parts.vault;
    this.pool = parts.pool;
    this.#fake = fake;
  }

  /** Another store on the same folder, as a process has it that was started after this one. */
  async again(database = this.database, self = currentProcess): Promise<Machine> {
    const { home, store, vault } = this;
    const pool = await openSharedPool({ database, vault, fs, paths: home.paths, self, sleep });
    return new Machine({ home, store, database, vault, pool }, this.#fake);
  }

  get move() {
    const { store, database, vault, pool: shared } = this;
    const placeId = fleetFiles(fs, this.home.paths).placeId();
    const borrower = (id: string) => borrowerOf(fs, this.home.paths, id, this.self());
    const whoRuns = () => null;
    return { store, database, vault, shared, placeId, host: "here", now: Date.now, whoRuns, borrower };
  }

  adopt(name: string, more = {}) {
    return adoptLogin({ ...this.move, ...more }, (transaction) =>
      selectAccount(transaction, `${name}@example.com`),
    );
  }

  release(name: string, more = {}) {
    return releaseLogin({ ...this.move, ...more }, (snapshot) =>
      selectAccount(snapshot, `${name}@example.com`),
    );
  }

  async renew(
    name: string,
    need: RefreshNeed = { kind: "expiring" },
    send: typeof fetch = fetch,
  ): Promise<RefreshOutcome> {
    const account = await this.account(name);
    const env = { CODEX_AUTH_ISSUER: this.#fake.url };
    const effects = {
      fetch: send,
      now: this.now,
      sleep,
      env,
      fs,
      store: this.pool,
      ...quietParts,
      processes: () => [],
      isCancelled: () => this.isCancelled(),
    };
    return await renewShared(effects, account.id, need);
  }

  async account(name: string) {
    const { pool } = await this.pool.read();
    const found = pool.accounts.find(({ login }) => login.email === `${name}@example.com`);
    if (!found) throw new Error(`The database has no ${name}.`);
    return found;
  }

  /** Where the login of a name is in use: `pool`, `database`. */
  async places(name: string): Promise<string[]> {
    const email = `${name}@example.com`;
    const [local, shared] = [await this.store.read(), await this.pool.read()];
    const has = ({ pool }: { pool: { accounts: readonly { login: { email: string | null } }[] } }) =>
      pool.accounts.some(({ login }) => login.email === email);
    return [...(has(local) ? ["pool"] : []), ...(has(shared) ? ["database"] : [])];
  }
}

export class SharedScene {
  readonly fake: FakeOpenAI;
  readonly address: string;
  readonly #databases: Database[] = [];

  constructor(fake: FakeOpenAI, address: string) {
    this.fake = fake;
    this.address = address;
  }

  static async open(address?: string): Promise<SharedScene> {
    const fake = await FakeOpenAI.start();
    const folder = makeHome();
    const scene = new SharedScene(fake, address ?? folder.file("shared.db"));
    onTestFinished(async () => {
      await fake.close();
      for (const database of scene.#databases) await database.close().catch(() => undefined);
    });
    return scene;
  }

  /** A machine with these logins in its pool; none is live. Their access tokens have ended. */
  async machine(names: readonly string[] = [], { expiresInSec = -60 } = {}): Promise<Machine> {
    const home = makeHome();
    const store = storeOf(home);
    const issuedAt = Math.floor(Date.now() / 1000) - 7200;
    const logins = names.map((name) => {
      const who = { email: `${name}@example.com`, userId: `user-${name}`, accountId: `acct-${name}` };
      const reading = readAuthDocument(
        this.fake.issuer.issue({ ...who, issuedAt, expiresInSec: 7200 + expiresInSec }),
      );
      if (reading.kind !== "login") throw new Error("A forged login is not read.");
      return reading.login;
    });
    await store.transaction("fill", ({ pool }) => {
      for (const login of logins) adopt(pool, login, { nowMs: Date.now(), tie: "pool" });
    });
    const database = await openTestDatabase(this.address);
    this.#databases.push(database);
    const vault = await makeVault(database, testSecret);
    const pool = await openSharedPool({
      database,
      vault,
      fs,
      paths: home.paths,
      self: currentProcess,
      sleep,
    });
    return new Machine({ home, store, database, vault, pool }, this.fake);
  }

  /** What the issuer would take is what the database, or this pool, has. */
  async isLost(
    name: string,
    holder: {
      read(): Promise<{
        pool: { accounts: readonly { login: { email: string | null; refreshToken: string } }[] };
      }>;
    },
  ) {
    const { pool } = await holder.read();
    const account = pool.accounts.find(({ login }) => login.email === `${name}@example.com`);
    return account?.login.refreshToken !== this.fake.issuer.newestToken(`${name}@example.com`);
  }
}
