import type { StopSignal } from "../cli/context.ts";

const signals: readonly StopSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

export function onStopSignal(listener: (signal: StopSignal) => void): () => void {
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

/** A process that has gone meanwhile needs no signal any more. */
export function sendSignal(pid: number, signal: "SIGTERM" | "SIGHUP" | "SIGCONT"): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
