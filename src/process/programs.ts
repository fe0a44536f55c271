import { closeSync } from "node:fs";
import type { Context, Detached, Ending, Finished, InheritedRun } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { isTerminal } from "./streams.ts";

/**
 * Runs a program that has our standard streams for itself. A signal to us goes on to it; only SIGINT and SIGQUIT of
 * a terminal reach it anyway, as they reach all that runs there. We outlive it, and what we then have to tidy up is
 * not stopped by a signal any more: the handlers stay.
 */
export function runInherited(
  command: string,
  args: readonly string[],
  { env, onStart }: InheritedRun,
): Promise<Ending> {
  const { spawn } = process.getBuiltinModule("node:child_process");
  return new Promise<Ending>((resolve, reject) => {
    // First of all: the program may run before we get to the next line.
    passSignalsOn((signal) => child.kill(signal));
    const child = spawn(command, args, { env: { ...env }, stdio: "inherit" });
    child.once("error", reject);
    child.once("spawn", () => onStart(child.pid ?? 0));
    child.once("close", (code, signal) => resolve(endingOf(code, signal)));
  }).catch((error: unknown) => refusalOf(error, command));
}

/** Some codes come as an event, others are thrown. ELOOP: a folder of PATH is a loop of links. */
function refusalOf(error: unknown, command: string): Ending {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"].includes(code)) return { kind: "not-found" };
  if (["EACCES", "ENOEXEC", "EPERM", "ETXTBSY"].includes(code)) return { kind: "not-executable" };
  throw error instanceof Error ? startError(error, command) : error;
}

function passSignalsOn(send: (signal: NodeJS.Signals) => void): void {
  const isOnTerminal = [0, 1, 2].some(isTerminal);
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const) {
    const isFromTerminal = isOnTerminal && (signal === "SIGINT" || signal === "SIGQUIT");
    process.on(signal, () => {
      if (!isFromTerminal) send(signal);
    });
  }
}

function endingOf(code: number | null, signal: NodeJS.Signals | null): Ending {
  if (signal === null) return { kind: "exited", code: code ?? 1 };
  return { kind: "killed", signal: process.getBuiltinModule("node:os").constants.signals[signal] };
}

/** Runs a program to its end, without a shell and without input, and keeps what it prints. */
export function runToEnd(
  command: string,
  args: readonly string[],
  { env, cwd, timeoutMs }: Pick<Context, "env" | "cwd"> & { timeoutMs?: number },
): Promise<Finished> {
  return new Promise((resolve) => {
    // Loaded when needed: it costs a tenth of the time that Node needs to start.
    const { spawn } = process.getBuiltinModule("node:child_process");
    const child = spawn(command, args, {
      env: { ...env },
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    child.once("error", () => resolve({ code: null, output }));
    child.once("close", (code) => resolve({ code, output }));
  });
}

interface Run {
  env: Context["env"];
  /** An open file. */
  log: number;
}

export function startDetached(program: string, argv: readonly string[], { env, log }: Run): Detached {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn(process.execPath, [program, ...argv], {
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...env },
  });
  closeSync(log);
  let hasEnded = false;
  child.once("error", () => (hasEnded = true));
  child.once("exit", () => (hasEnded = true));
  child.unref();
  return { pid: child.pid ?? 0, hasEnded: () => hasEnded };
}

/** A program that finds no browser says so at once; one that is the browser itself stays. */
const browserGraceMs = 1500;

/** Opens an address in the browser of the person. Rejects where none could be started. */
export async function openInBrowser(url: string, env: Context["env"]): Promise<void> {
  const places = ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER"];
  if (process.platform === "linux" && !places.some((name) => env[name])) throw new Error("no display");
  const { default: open } = await import("open");
  const child = await open(url);
  // Its later end is of no interest, but must not end us.
  child.on("error", () => undefined);
  const code = await new Promise<number | null>((resolve) => {
    const rest = setTimeout(resolve, browserGraceMs, null);
    const end = (code: number | null) => {
      clearTimeout(rest);
      resolve(code);
    };
    if (child.exitCode === null) child.once("exit", end);
    else end(child.exitCode);
  });
  if (code !== null && code !== 0) throw new Error(`${child.spawnfile} ended with ${code}`);
}

/** For a program that is there and that the system does not start now: too many processes, or no memory. */
export function startError(error: Error, what: string): CodexAuthError {
  const why = "code" in error ? String(error.code) : error.message;
  return new CodexAuthError("command_failed", `${what} could not be started: ${why}.`, {
    hint: "Make room for another process (ulimit -u), then run the command again. Nothing was sent or changed.",
    cause: error,
  });
}
