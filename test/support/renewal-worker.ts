/**
 * Renews logins of a database one after the other, by the real protocol, and kills itself now and then before one of the
 * calls that a renewal makes: each statement, each commit, each write to the disk. Never between the request and the disk:
 * that loses a login on every store. Now and then the command that wanted the token is gone instead, at any call.
 * `renewal-worker <home> <database> <issuer> <part of renewals that are killed>`
 */
import * as fs from "node:fs";
import { openSharedPool } from "../../src/database/accounts/shared-pool.ts";
import { makeVault } from "../../src/database/accounts/vault.ts";
import { type Database, readDocument, type Statements } from "../../src/database/database.ts";
import { resolvePaths } from "../../src/machine/paths.ts";
import { currentProcess } from "../../src/machine/processes.ts";
import { userKeyOf } from "../../src/pool/account.ts";
import { renewShared } from "../../src/process/run-renewal.ts";
import { fleetFiles } from "../../src/store/fleet-files.ts";
import { openTestDatabase } from "./databases.ts";
import { moveSecret } from "./move-login.ts";
import { quietParts } from "./quiet-machine.ts";

const [home = "", address = "", issuer = "", part = "0"] = process.argv.slice(2);
type Phase = "leasing" | "beginning" | "sending" | "kept" | "saved" | "starting";
let phase: Phase = "starting";
/** Calls of this renewal; how many one took that was left alone; at which one it is killed, or its command is gone. */
let calls = 0;
let usual = 40;
let killedAt = Infinity;
let goneAt = Infinity;

/** Before everything that somebody else may see. */
function call(): void {
  if (phase === "sending") return;
  calls += 1;
  if (calls !== killedAt) return;
  fs.writeSync(1, `killed ${phase}\n`);
  process.kill(process.pid, "SIGKILL");
}

const seen = new Set([
  "openSync",
  "writeSync",
  "fsyncSync",
  "renameSync",
  "unlinkSync",
  "mkdirSync",
  "closeSync",
]);
const disk = new Proxy(fs, {
  get: (target, name: keyof typeof fs) => {
    const found: unknown = target[name];
    if (typeof found !== "function" || !seen.has(name)) return found;
    return (...words: unknown[]): unknown => {
      call();
      return (found as (...all: unknown[]) => unknown)(...words);
    };
  },
});

function counted(statements: Statements): Statements {
  return {
    query: (...words) => {
      call();
      return statements.query(...words);
    },
    change: (...words) => {
      call();
      return statements.change(...words);
    },
  };
}

const paths = resolvePaths({ CODEX_HOME: home }, home, home);
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const plain = await openTestDatabase(address);
const database: Database = {
  ...plain,
  ...counted(plain),
  transact: async (work, options) => {
    const result = await plain.transact(async (statements) => {
      const said = await work(counted(statements));
      call();
      return said;
    }, options);
    // It is committed, and nobody here knows that yet.
    call();
    return result;
  },
};
const vault = await makeVault(plain, moveSecret);
const pool = await openSharedPool({ database, vault, fs: disk, paths, self: currentProcess, sleep });
// As a gateway does when it starts.
await pool.transaction("start", () => undefined);
const store: typeof pool = Object.assign(Object.create(pool) as typeof pool, {
  read: () => pool.read(),
  now: () => pool.now(),
  isLate: () => pool.isLate(),
  requireSavable: (...words: Parameters<typeof pool.requireSavable>) => pool.requireSavable(...words),
  refreshLock: async (user: string) => {
    const lease = await pool.refreshLock(user);
    phase = "beginning";
    return lease;
  },
  keepTokens: (...words: Parameters<typeof pool.keepTokens>) => {
    const problem = pool.keepTokens(...words);
    phase = "kept";
    call();
    return problem;
  },
  transaction: async <T>(...[purpose, change, options]: Parameters<typeof pool.transaction<T>>) => {
    const result = await pool.transaction(purpose, change, options);
    if (options?.inHand) phase = "saved";
    return result;
  },
});
const send: typeof fetch = (...words) => {
  call();
  phase = "sending";
  return fetch(...words);
};
const place = fleetFiles(fs, paths).placeId();
async function isHeldElsewhere(user: string): Promise<boolean> {
  const { body = "" } = (await readDocument(database, "lease", user)) ?? {};
  return /"owner":"\w/.test(body) && !body.includes(place);
}

const end = new AbortController();
process.on("SIGTERM", () => end.abort());
while (!end.signal.aborted) {
  const { accounts } = (await pool.read()).pool;
  const account = accounts[Math.floor(Math.random() * accounts.length)];
  await sleep(1);
  // It waits a minute for one that another machine holds; a gateway does that beside its other accounts.
  if (!account || (Math.random() < 0.98 && (await isHeldElsewhere(userKeyOf(account))))) continue;
  [calls, killedAt, goneAt, phase] = [0, Infinity, Infinity, "leasing"];
  const at = 1 + Math.floor(Math.random() * usual);
  const fate = Math.random() / Number(part);
  if (fate < 1) killedAt = at;
  else if (fate < 2) goneAt = at;
  const ctx = {
    fetch: send,
    now: Date.now,
    sleep,
    env: { CODEX_AUTH_ISSUER: issuer },
    fs: disk,
    store,
    ...quietParts,
  };
  const need = { kind: "rejected", accessToken: account.login.accessToken } as const;
  const isCancelled = () => calls >= goneAt;
  const effects = { ...ctx, processes: () => [], self: currentProcess, isCancelled };
  const said = await renewShared(effects, account.id, need).then(
    ({ kind }) => kind,
    (error: unknown) => (error instanceof Error ? error.message : "unknown"),
  );
  if (said === "ready") usual = Math.max(usual, calls);
  if (calls >= goneAt) fs.writeSync(1, `command gone\n`);
  fs.writeSync(1, `${said}\n`);
}
