import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../store/account.ts";
import { safeText } from "../ui/safe-text.ts";

/** A label must never be readable as anything else that may stand for an account, nor play tricks on a terminal. */
export function checkedLabel(name: string): string {
  const label = name.trim();
  const problem = problemOf(label);
  if (problem === null) return label;
  throw new CodexAuthError("label_invalid", `"${safeText(name)}" cannot be a label: ${problem}.`, {
    hint: "Use a short word, for example: codex auth label 2 work",
  });
}

function problemOf(label: string): string | null {
  if (label === "" || label.length > 40) return "it needs 1 to 40 characters";
  if (/^[+-]?\d+(\.\d*)?$/.test(label)) return "it would be read as a row number";
  if (label.startsWith("-")) return "it would be read as an option";
  if (label.includes("@")) return "it would be read as an e-mail address";
  return safeText(label) === label ? null : "it holds characters that a terminal acts on";
}

/** Throws `label_taken` when another account has the label. */
export function refuseTakenLabel(accounts: readonly Account[], own: Account, label: string | null): void {
  if (label === null) return;
  const row = accounts.findIndex((each) => each !== own && each.label?.toLowerCase() === label.toLowerCase());
  if (row === -1) return;
  throw new CodexAuthError("label_taken", `Account ${row + 1} already has the label ${label}.`, {
    hint: `Take it away first: codex auth label ${row + 1} --clear`,
  });
}
