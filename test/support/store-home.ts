import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import { parsePool } from "../../src/pool/pool.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { openFileStore } from "../../src/store/file-store.ts";
import type { Store } from "../../src/store/store.ts";
import { forgeAuthJson, type Login } from "./forge.ts";
import { type Finished, TestHome } from "./home.ts";
import { runInProcess } from "./in-process.ts";
import { quietParts } from "./quiet-machine.ts";

export const binary = new URL("../../dist/cli/start.cjs", import.meta.url).pathname;

/** How a process ended. */
export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** What is asked of a home here. */
export type Home = Pick<TestHome, "root" | "dir" | "paths" | "env">;

/** A new CODEX_HOME in a folder of its own that goes away when the test ends. */
export function makeHome(root?: string): TestHome {
  return TestHome.inside(root);
}

/** One moment for all, or a second that passes between two forgeries makes two logins of them. */
const loadedAtSec = Math.floor(Date.now() / 1000);

/** The seat of one letter: `seat("a")` is a@example.com, user-a in acct-a. */
export function seat(name: string, more: Login = {}) {
  return forgeAuthJson({
    email: `${name}@example.com`,
    userId: `user-${name}`,
    accountId: `acct-${name}`,
    issuedAt: loadedAtSec,
    ...more,
  });
}

export function writeAuth({ paths }: Home, document: object): void {
  fs.writeFileSync(paths.authFile, JSON.stringify(document, null, 2), { mode: 0o600 });
}

/** A home whose pool holds these seats; the first one is live. */
export async function homeWith(names: readonly string[], root?: string): Promise<TestHome> {
  const home = makeHome(root);
  await fill(home, names);
  return home;
}

export async function fill(home: Home, names: readonly string[]): Promise<void> {
  const { adopt } = await import("../../src/pool/adopt.ts");
  const { readAuthDocument } = await import("../../src/codex/auth-json.ts");
  writeAuth(home, seat(names[0] ?? "a"));
  await storeOf(home).transaction("fill", ({ pool }) => {
    for (const name of names) {
      const reading = readAuthDocument(seat(name));
      if (reading.kind !== "login") throw new Error("A forged login is not read.");
      adopt(pool, reading.login, { nowMs: Date.now(), tie: "pool" }).account.label = `label-${name}`;
    }
  });
}

/** The store of a home inside this process, with the real file system unless told otherwise. */
export function storeOf(home: Home, effects: Partial<StoreContext> = {}): Store {
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  return openFileStore(home.paths, {
    fs,
    now: Date.now,
    sleep,
    ...quietParts,
    ...effects,
  });
}

/** Runs a command inside this process. */
export function run(home: Home, args: readonly string[], { env = {} } = {}): Promise<Finished> {
  return runInProcess(args, { env: { ...home.env, ...env }, cwd: home.root, input: "" });
}

export interface RunOptions {
  env?: Record<string, string>;
  /** A program and its arguments that start ours. */
  through?: readonly string[];
}

/** Starts the built binary. */
export function start(
  home: Home,
  args: readonly string[],
  { env = {}, through = [] }: RunOptions = {},
): ChildProcess {
  const [command = process.execPath, ...rest] = [...through, process.execPath, binary, ...args];
  return spawn(command, rest, { env: { ...home.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
}

export function ended(child: ChildProcess): Promise<Ended> {
  const text = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (text.stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, ...text }));
  });
}

/** Runs the built binary to its end. */
export function runProcess(home: Home, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return ended(start(home, args, options));
}

export function poolOf({ paths }: Home) {
  return parsePool(fs.readFileSync(paths.poolFile, "utf8"), paths.poolFile);
}

/** The label of the account whose tokens are in auth.json, as the pool names it; null when there is no file. */
export function liveLabel({ paths }: Home): string | null {
  if (!fs.existsSync(paths.authFile)) return null;
  const document = JSON.parse(fs.readFileSync(paths.authFile, "utf8")) as ReturnType<typeof forgeAuthJson>;
  const lent = document.tokens.refresh_token === "" ? " (lent)" : "";
  return `label-${document.tokens.account_id.replace("acct-", "")}${lent}`;
}

export function activeLabel(home: Home): string | null {
  const { accounts, activeId } = poolOf(home);
  return accounts.find(({ id }) => id === activeId)?.label ?? null;
}
