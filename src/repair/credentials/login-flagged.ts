import { remedyOf } from "../../auth/remedies.ts";
import { flagText } from "../../auth/usable-login.ts";
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
  // `list` uses this file too, and tests nothing.
  look: async ({ pool }, { nowMs }) => {
    if (!pool.accounts.some(({ flag }) => flag)) return [];
    const { flaggedAccounts } = await import("../../auth/flag-test.ts");
    const testable = flaggedAccounts(pool.accounts, nowMs).filter(({ test }) => test !== "none");
    return flagged(pool.accounts, new Set(testable.map(({ account }) => account)));
  },
  mend: {
    isLive: true,
    describe: ({ snapshot }, { target }) => {
      const account = snapshot?.pool.accounts.find(({ id }) => id === target);
      return `Test ${account && accountName(account)}, and put it back into use when OpenAI takes its login.`;
    },
    apply: async (scene, { target }) => (await import("./retest.ts")).retest(scene, target),
  },
});

/** `testable` are those that a test could put back into use. */
export function flagged(accounts: readonly Account[], testable?: ReadonlySet<Account>): Sighting[] {
  return accounts.flatMap((account) =>
    account.flag ? [sighting(account, account.flag, testable?.has(account) ?? false)] : [],
  );
}

function sighting(account: Account, { reason, since }: Flag, canMend: boolean): Sighting {
  const message = `${accountName(account)} is set aside: ${flagText(reason)}, since ${since}.`;
  return { message, fix: remedyOf(reason, account), canMend, target: account.id };
}
