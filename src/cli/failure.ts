import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { safeText } from "../ui/safe-text.ts";
import type { Ui } from "../ui/ui.ts";

/** The JSON document of a command that failed. */
export function failureDocument(command: string, error: unknown): object {
  return { command, schemaVersion: 1, ok: false, error: describeError(error) };
}

function describeError(error: unknown): object {
  if (!(error instanceof CodexAuthError)) {
    return { code: "internal_error", message: error instanceof Error ? error.message : String(error) };
  }
  const { code, message, hint, candidates } = error;
  return { code, message, ...(hint === undefined ? {} : { hint }), ...(candidates ? { candidates } : {}) };
}

/** What a person reads on stderr: what happened and why, then what to type. A fault of ours shows its stack. */
export function failureText(error: unknown, ui: Ui): string {
  if (!(error instanceof CodexAuthError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return `${ui.red("This is a fault in codex-auth.")} Please report it with these lines:\n${stack}\n`;
  }
  const { message, candidates = [], hint } = error;
  const isList = error.code === "ambiguous_account";
  const lines = [
    ui.red(safeText(message)),
    ...(isList ? candidates.map((each) => `  ${safeText(each)}`) : []),
  ];
  if (hint !== undefined) lines.push(...hint.split("\n").map(safeText));
  return `${lines.join("\n").trimEnd()}\n`;
}
