import { CodexAuthError } from "../errors/codex-auth-error.ts";

/** Reads standard input to its end. */
export async function readAllInput(limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > limitBytes) {
      throw new CodexAuthError("import_failed", `Standard input holds more than ${limitBytes} bytes.`, {
        hint: "Pipe one auth.json: codex auth import - < auth.json",
      });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const lineLimit = 100_000;

/** The first line of standard input that is not blank; what follows it is not read. */
export async function readLine(signal: AbortSignal): Promise<string> {
  const stop = () => process.stdin.destroy();
  signal.addEventListener("abort", stop, { once: true });
  let text = "";
  try {
    for await (const chunk of process.stdin) {
      text = (text + Buffer.from(chunk).toString("utf8")).trimStart();
      if (text.includes("\n") || text.length > lineLimit) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
  signal.throwIfAborted();
  return text.split("\n", 1).join("").slice(0, lineLimit).trim();
}
