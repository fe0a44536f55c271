import { CodexAuthError } from "../errors/codex-auth-error.ts";

/** Asks one question on the terminal. The question goes to stderr: stdout is for the answer of the command. */
export async function askOnTerminal(question: string): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const stopped = new AbortController();
  terminal.once("SIGINT", () => stopped.abort());
  terminal.once("close", () => stopped.abort());
  try {
    return await terminal.question(question, { signal: stopped.signal });
  } catch {
    throw new CodexAuthError("interrupted", "Stopped. Nothing was changed.");
  } finally {
    terminal.close();
  }
}
