import { CodexAuthError } from "../errors/codex-auth-error.ts";

/** Runs work that Ctrl-C ends in order: it hears of it through the signal and cleans up. A second Ctrl-C kills. */
export async function interruptible<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const interrupt = () => stop.abort(new CodexAuthError("interrupted", "Stopped. Nothing was changed."));
  process.once("SIGINT", interrupt);
  try {
    return await work(stop.signal);
  } finally {
    process.off("SIGINT", interrupt);
  }
}
