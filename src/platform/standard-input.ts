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
