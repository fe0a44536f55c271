import { CodexAuthError } from "../errors/codex-auth-error.ts";

/** Asks one question on the terminal. The question goes to stderr: stdout is for the answer of the command. */
export async function askOnTerminal(
  question: string,
  { isHidden }: { isHidden: boolean } = { isHidden: false },
): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({
    input: process.stdin,
    output: isHidden ? silence() : process.stderr,
    ...(isHidden ? { terminal: true } : {}),
  });
  if (isHidden) process.stderr.write(question);
  const stopped = new AbortController();
  terminal.once("SIGINT", () => stopped.abort());
  terminal.once("close", () => stopped.abort());
  try {
    return await terminal.question(isHidden ? "" : question, { signal: stopped.signal });
  } catch {
    throw new CodexAuthError("interrupted", "Stopped. Nothing was changed.");
  } finally {
    terminal.close();
    if (isHidden) process.stderr.write("\n");
  }
}

/** Swallows the echo of what is typed. */
function silence(): NodeJS.WritableStream {
  const { Writable } = process.getBuiltinModule("node:stream");
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
