import { commands } from "../../src/commands/index.ts";
import type { Context, Output } from "../../src/context.ts";
import { resolvePaths } from "../../src/machine/paths.ts";
import { runProgram } from "../../src/program/program.ts";
import { openFileStore } from "../../src/store/file-store.ts";
import { projectRoot, type TestHome } from "./home.ts";
import { quietParts, quietFs as fs } from "./quiet-machine.ts";

/** Noon of a day in the life of the forged logins. */
export const testNowMs = Date.UTC(2026, 10, 20, 12);

/** A context on real files whose every other effect is refused until a test allows it. */
export function fakeContext(home: TestHome, allowed: Partial<Context> = {}): Context & { printed: Printed } {
  const printed: Printed = { stdout: "", stderr: "" };
  const now = () => testNowMs;
  const env = allowed.env ?? { LANG: "C.UTF-8", CODEX_AUTH_INVOKED_AS: "codex auth" };
  const paths = resolvePaths({ CODEX_HOME: home.path, ...env }, home.path, home.path);
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  return {
    stdin: { isTerminal: false, readAll: () => unexpected("stdin"), readLine: () => unexpected("stdin") },
    stdout: output((text) => (printed.stdout += text)),
    stderr: output((text) => (printed.stderr += text)),
    env,
    cwd: home.path,
    platform: "linux",
    now,
    sleep,
    prompt: () => unexpected("prompt"),
    keyTerminal: () => null,
    interruptible: (work) => work(new AbortController().signal),
    openUrl: () => unexpected("openUrl"),
    spawn: () => unexpected("spawn"),
    run: () => unexpected("run"),
    pid: process.pid,
    runInherited: () => unexpected("runInherited"),
    startDetached: () => unexpected("startDetached"),
    sendSignal: () => unexpected("sendSignal"),
    onStopSignal: () => unexpected("onStopSignal"),
    schedule: () => unexpected("schedule"),
    fetch: () => unexpected("fetch"),
    agents: () => unexpected("agents"),
    websocketStatus: () => unexpected("websocketStatus"),
    renew: () => unexpected("renew"),
    processes: () => [],
    fs,
    flock: quietParts.flock,
    databaseDrivers: { nodeSqlite: () => null, libsql: async () => null, pg: async () => null },
    store: openFileStore(paths, { fs, now, sleep, ...quietParts }),
    packageRoot: projectRoot,
    runCaptured: () => unexpected("runCaptured"),
    ...allowed,
    printed,
  };
}

export interface Printed {
  stdout: string;
  stderr: string;
}

/** Runs a command line in this process; effects that the test did not allow throw. */
export async function runFake(
  home: TestHome,
  argv: readonly string[],
  { terminalColumns, ...allowed }: Partial<Context> & { terminalColumns?: number } = {},
) {
  const ctx = fakeContext(home, allowed);
  if (terminalColumns !== undefined) {
    const asTerminal = { isTerminal: true, columns: terminalColumns };
    Object.assign(ctx.stdout, asTerminal);
    Object.assign(ctx.stderr, asTerminal);
  }
  const code = await runProgram(ctx, commands, argv);
  return { code, ...ctx.printed };
}

export function terminal(write: (text: string) => void): Output {
  return { ...output(write), isTerminal: true };
}

function output(write: (text: string) => void): Output {
  return { write, isTerminal: false, columns: 80, colorLevel: 0 };
}

function unexpected(what: string): never {
  throw new Error(`unexpected ${what}`);
}
