import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { redact } from "../errors/redact.ts";
import { safeText } from "../ui/safe-text.ts";
import type { Ui } from "../ui/ui.ts";

/** The JSON document of a command that failed. */
export function failureDocument(command: string, error: unknown): object {
  return { command, schemaVersion: 1, ok: false, error: describeError(error) };
}

function describeError(error: unknown): object {
  if (!(error instanceof CodexAuthError)) {
    return {
      code: "internal_error",
      message: redact(error instanceof Error ? error.message : String(error)),
    };
  }
  const { code, message, hint, candidates } = error;
  return { code, message, ...(hint === undefined ? {} : { hint }), ...(candidates ? { candidates } : {}) };
}

/** What a person reads on stderr: what happened and why, then what to type. A fault of ours shows its stack. */
export function failureText(error: unknown, ui: Ui): { headline: string; details: string } {
  if (!(error instanceof CodexAuthError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const lines = redact(stack).split("\n").map(safeText);
    const headline = ui.red("This is a fault in codex-auth.");
    return {
      headline,
      details: `Please report it at the issue tracker of codex-auth, with these lines:\n${lines.join("\n")}\n`,
    };
  }
  const { message, candidates = [], hint } = error;
  const isList = error.code === "ambiguous_account";
  const lines = isList ? candidates.map((each) => `  ${safeText(each)}`) : [];
  if (hint !== undefined) lines.push(...hint.trimEnd().split("\n").map(safeText));
  return { headline: ui.red(safeText(message)), details: lines.map((line) => `${line}\n`).join("") };
}
