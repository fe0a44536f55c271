/**
 * Moves a login in a process that kills itself at one of its steps: before or after any write, in a file or in the
 * database. `move-worker <home> <database> <adopt|release> <account> <step>`; prints how many steps there were.
 */
import * as nodeFs from "node:fs";
import { openSharedPool } from "../../src/database/accounts/shared-pool.ts";
import { makeVault } from "../../src/database/accounts/vault.ts";
import type { Database, Statements } from "../../src/database/database.ts";
import type { FileSystem } from "../../src/machine/file-system.ts";
import { resolvePaths } from "../../src/machine/paths.ts";
import { currentProcess } from "../../src/machine/processes.ts";
import { openFileStore } from "../../src/store/file-store.ts";
import { openTestDatabase } from "./databases.ts";
import { moveLogin, moveSecret } from "./move-login.ts";
import { quietParts } from "./quiet-machine.ts";

const [home = "", address = "", action = "", account = "", step = "0"] = process.argv.slice(2);
let steps = 0;

function pass(): void {
  steps += 1;
  if (steps === Number(step)) process.kill(process.pid, "SIGKILL");
}

function counted<T extends (...words: never[]) => unknown>(work: T): T {
  return ((...words: Parameters<T>) => {
    pass();
    const result = work(...words);
    pass();
    return result;
  }) as T;
}

function dyingFs(): FileSystem {
  const names = ["writeSync", "renameSync", "unlinkSync", "fsyncSync", "linkSync", "mkdirSync"] as const;
  const fs = Object.create(nodeFs) as Record<string, unknown>;
  for (const name of names) fs[name] = counted(nodeFs[name] as (...words: never[]) => unknown);
  return fs as unknown as FileSystem;
}

async function around<T>(work: () => Promise<T>): Promise<T> {
  pass();
  const result = await work();
  pass();
  return result;
}

function dyingDatabase(database: Database): Database {
  const inside = (statements: Statements): Statements => ({
    query: (...words) => statements.query(...words),
    change: (...words) => around(() => statements.change(...words)),
  });
  return {
    ...database,
    change: (...words) => around(() => database.change(...words)),
    transact: (work, options) =>
      around(() => database.transact((statements) => work(inside(statements)), options)),
  };
}

const paths = resolvePaths({ CODEX_HOME: home }, home, home);
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const fs = dyingFs();
const store = openFileStore(paths, { fs, now: Date.now, sleep, ...quietParts, self: currentProcess });
const opened = await openTestDatabase(address);
const vault = await makeVault(opened, moveSecret);
const database = dyingDatabase(opened);
const shared = await openSharedPool({ database, vault, fs, paths, self: currentProcess, sleep });
await moveLogin(action === "adopt" ? "adopt" : "release", account, { store, database, vault, shared, fs });
process.stdout.write(`${steps}\n`);
await opened.close();
