import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../store/account.ts";
import type { Snapshot } from "../store/store.ts";
import { safeText } from "../ui/safe-text.ts";
import type { Context } from "./context.ts";
import { accountName } from "../store/account-name.ts";

/** Which account, when the command line names none: the other one of two, else asked for on the terminal. */
export async function pickAccount(
  ctx: Context,
  snapshot: Snapshot,
  choose: (snapshot: Snapshot, wanted: string) => Account,
): Promise<Account> {
  const { accounts } = snapshot.pool;
  if (!ctx.stdin.isTerminal || !ctx.stderr.isTerminal) throw missingIndex();
  if (accounts.length === 0) {
    throw new CodexAuthError("account_not_found", "There are no accounts yet.", {
      hint: "Add one: codex auth login, or codex auth import",
    });
  }
  const [other, ...more] = accounts.filter(({ id }) => id !== snapshot.active?.id);
  if (other && more.length === 0 && accounts.length === 2) return other;
  ctx.stderr.write(`${accounts.map((account, index) => line(account, index, snapshot)).join("\n")}\n`);
  const wanted = (await ctx.prompt(`Switch to [1-${accounts.length}]: `)).trim();
  if (wanted !== "") return choose(snapshot, wanted);
  throw new CodexAuthError("usage", "Nothing was chosen, so nothing was changed.", {
    hint: "See the rows: codex auth list",
  });
}

function line(account: Account, index: number, { active }: Snapshot): string {
  const mark = account.id === active?.id ? "*" : " ";
  return `${mark} ${index + 1}  ${safeText(accountName(account))}  ${safeText(account.login.plan ?? "")}`.trimEnd();
}

function missingIndex(): CodexAuthError {
  return new CodexAuthError("usage", "Missing index. Usage: codex auth switch <index>", {
    hint: "See the rows: codex auth list",
  });
}
