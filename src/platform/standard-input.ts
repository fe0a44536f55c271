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

/** The next line of standard input that is not blank; "" at its end. What follows stays for the next call. */
export async function readLine(signal: AbortSignal): Promise<string> {
  const { stdin } = process;
  const stop = () => stdin.destroy();
  signal.addEventListener("abort", stop, { once: true });
  if (isPipe(stdin)) stdin.ref();
  let text = "";
  try {
    for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
      text = (text + Buffer.from(chunk).toString("utf8")).trimStart();
      if (text.includes("\n") || text.length > lineLimit) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    // A pipe that stays open keeps no command from ending.
    if (isPipe(stdin)) stdin.unref();
  }
  signal.throwIfAborted();
  const [line = "", ...rest] = text.split("\n");
  if (rest.join("").trim() !== "") stdin.unshift(Buffer.from(rest.join("\n")));
  return line.slice(0, lineLimit).trim();
}

/** A file as standard input has nothing to hold on to. */
function isPipe(stdin: typeof process.stdin): boolean {
  return "unref" in stdin && typeof stdin.unref === "function";
}
