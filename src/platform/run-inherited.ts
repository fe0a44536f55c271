import type { Ending, InheritedRun } from "../cli/context.ts";
import { startError } from "./start-error.ts";
import { isTerminal } from "./standard-output.ts";

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
