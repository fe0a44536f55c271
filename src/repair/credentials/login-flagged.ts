import { flagRemedy, flagText } from "../../auth/usable-login.ts";
import type { Account } from "../../store/account.ts";
import { accountName } from "../../store/account-name.ts";
import type { Flag } from "../../store/refresh-mark.ts";
import { poolCheck } from "../check.ts";
import type { Sighting } from "../check.ts";

/** Accounts that were set aside: a person has to do something. */
export const loginFlagged = poolCheck({
  id: "login_flagged",
  area: "credentials",
  severity: "warning",
  title: "an account is set aside",
  look: ({ pool }) => flagged(pool.accounts),
});

export function flagged(accounts: readonly Account[]): Sighting[] {
  return accounts.flatMap((account) => (account.flag ? [sighting(account, account.flag)] : []));
}

function sighting(account: Account, { reason, since }: Flag): Sighting {
  const message = `${accountName(account)} is set aside: ${flagText(reason)}, since ${since}.`;
  return { message, fix: flagRemedy(reason) };
}
