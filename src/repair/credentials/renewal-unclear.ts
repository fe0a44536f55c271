import { isValid } from "../../auth/refresh-outcome.ts";
import { nextTryMs, renewalTrouble, troubleText } from "../../auth/renewal-trouble.ts";
import { usableLogin } from "../../auth/usable-login.ts";
import type { Account } from "../../store/account.ts";
import { accountName } from "../../store/account-name.ts";
import { poolCheck } from "../check.ts";
import type { Sighting } from "../check.ts";
import { shellWord } from "../shell-word.ts";
import { isoTime } from "./date-line.ts";

/**
 * Renewals that had no answer, or that the issuer did not serve. Mended only when the account needs a renewal anyway:
 * an issuer that sees a spent token again may end the access token too, which is still good.
 */
export const renewalUnclear = poolCheck({
  id: "renewal_unclear",
  area: "credentials",
  severity: "warning",
  title: "a renewal had no answer, or was not served",
  look: ({ pool }, { nowMs }) => unclearRenewals(pool.accounts, nowMs),
  mend: {
    isLive: true,
    describe: ({ snapshot }, { target }) => {
      const account = snapshot?.pool.accounts.find(({ id }) => id === target);
      return `Renew ${account && accountName(account)}, whose last renewal brought no token.`;
    },
    apply: async ({ fx, snapshot }, { target }) => {
      const account = snapshot?.pool.accounts.find(({ id }) => id === target);
      if (account) await usableLogin(fx, account, { kind: "expiring", isAsked: true });
    },
  },
});

export function unclearRenewals(accounts: readonly Account[], nowMs: number): Sighting[] {
  return accounts.flatMap((account): Sighting[] => {
    const trouble = account.flag === null ? renewalTrouble(account) : null;
    if (trouble === null) return [];
    const name = accountName(account);
    const about = `${name}: ${troubleText(trouble)}.`;
    const { expiresAtSec } = account.login;
    if (expiresAtSec !== null && isValid(account.login, nowMs)) {
      const message = `${about} Its access token serves until ${isoTime(expiresAtSec)}.`;
      return [{ message, fix: null, canMend: false, target: account.id }];
    }
    const nextMs = nextTryMs(trouble, nowMs);
    const next = nextMs <= nowMs ? "at its next use" : `at ${new Date(nextMs).toISOString()}`;
    const message = `${about} It is tried again ${next}.`;
    return [{ message, fix: `codex auth check ${shellWord(account.id)}`, canMend: true, target: account.id }];
  });
}
