import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Snapshot } from "../store/store.ts";
import { safeText } from "../ui/safe-text.ts";
import { chosenAccount } from "./chosen-account.ts";
import type { ChosenAccount } from "./chosen-account.ts";
import type { Context } from "./context.ts";
import type { Zod } from "./define-command.ts";
import type { Finding } from "../errors/finding.ts";
import { accountName } from "../store/account-name.ts";

export const chosenSchema = (z: Zod) =>
  z
    .object({
      accountId: z.string().describe("`id` of the account"),
      name: z.string().describe("for a person"),
      source: z.enum(["variable", "folder", "active"]),
      where: z.string().nullable().describe("CODEX_AUTH_ACCOUNT, or the path of the .codex-auth file"),
    })
    .nullable()
    .describe("what `exec` takes when it is told no account; null when there is none, or its rule is wrong");

/** The account that `exec` would take here, for a report; a rule that cannot be followed is a finding. */
export function accountHere(ctx: Context, snapshot: Snapshot) {
  try {
    const chosen = chosenAccount(ctx, snapshot);
    return { chosen: chosen && chosenReport(chosen), findings: [] };
  } catch (error) {
    if (!(error instanceof CodexAuthError)) throw error;
    const { code, message, hint = null } = error;
    const finding: Finding = { id: code, severity: "error", message, fix: hint };
    return { chosen: null, findings: [finding] };
  }
}

function chosenReport({ account, source, where }: ChosenAccount) {
  return { accountId: account.id, name: accountName(account), source, where };
}

type ChosenReport = ReturnType<typeof chosenReport>;

/** Null when the active account is used anyway and no rule says so. */
export function hereLine(chosen: ChosenReport | null, activeId: string | null): string | null {
  if (!chosen || chosen.where === null) return null;
  const text = `Here: ${safeText(chosen.name)}, by ${safeText(chosen.where)}`;
  return chosen.accountId === activeId
    ? text
    : `${text}\n  codex auth exec -- codex uses it; plain codex does not`;
}
