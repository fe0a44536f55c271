import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { redact } from "../errors/redact.ts";
import type { Account } from "../store/account.ts";
import { findFolderRule } from "../store/folder-rule.ts";
import { userHome } from "../store/paths.ts";
import type { Snapshot } from "../store/store.ts";
import type { Context } from "./context.ts";
import { accountName } from "../store/account-name.ts";
import { accountsNamed, candidateRows } from "./select-account.ts";

export const accountVariable = "CODEX_AUTH_ACCOUNT";

/** An account that nobody named on the command line, and who chose it. */
export interface ChosenAccount {
  account: Account;
  source: "variable" | "folder" | "active";
  /** The variable, or the path of the file; null for the active account. */
  where: string | null;
}

interface Rule {
  source: "variable" | "folder";
  where: string;
  name: string;
  hint: string;
}

/**
 * The account to use where the command line names none: that of CODEX_AUTH_ACCOUNT, else of the nearest `.codex-auth`
 * file, else the active one. A rule that fits no account, or several, throws: falling back would use a wrong one.
 */
export function chosenAccount(ctx: Context, snapshot: Snapshot): ChosenAccount | null {
  const rule = ruleHere(ctx);
  if (rule) return { account: accountOf(rule, snapshot), source: rule.source, where: rule.where };
  return snapshot.active && { account: snapshot.active, source: "active", where: null };
}

/** For a line to a person: `work (dev@team.example), by /home/ada/project/.codex-auth`. */
export function chosenText({ account, where }: Pick<ChosenAccount, "account" | "where">): string {
  return `${accountName(account)}, ${where === null ? "the active account" : `by ${where}`}`;
}

function ruleHere({ env, fs, cwd }: Context): Rule | null {
  const value = env[accountVariable]?.trim();
  if (value) {
    const hint = `Give it a label, an e-mail or an id of codex auth list, or: unset ${accountVariable}`;
    return { source: "variable", where: accountVariable, name: value, hint };
  }
  const found = findFolderRule(fs, cwd, userHome(env));
  if (!found) return null;
  const hint = `In ${found.folder}: codex auth use-here <account>, or codex auth use-here --clear`;
  return { source: "folder", where: found.path, name: found.name, hint };
}

/** Only a whole name counts: a row or a part of a name may mean another account tomorrow. */
function accountOf({ where, name, hint }: Rule, { pool }: Snapshot): Account {
  const found = accountsNamed(pool.accounts, name);
  const [account, ...others] = found;
  const shown = redact(name);
  if (!account)
    throw new CodexAuthError("account_not_found", `${where} names "${shown}", which is no account here.`, {
      hint,
    });
  if (others.length === 0) return account;
  throw new CodexAuthError(
    "ambiguous_account",
    `${where} names "${shown}", which matches ${found.length} accounts.`,
    { candidates: candidateRows(found, pool.accounts), hint },
  );
}
