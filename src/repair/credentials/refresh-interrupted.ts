import { isFreshEnough } from "../../auth/refresh-outcome.ts";
import { usableLogin } from "../../auth/usable-login.ts";
import type { Account } from "../../store/account.ts";
import { accountName } from "../../store/account-name.ts";
import { poolCheck } from "../check.ts";
import type { Sighting } from "../check.ts";
import { shellWord } from "../shell-word.ts";

/**
 * Renewals that were killed, so that nobody knows whether the token is spent. Mended only when the account needs a
 * renewal anyway: an issuer that sees a spent token again may end the access token too, which is still good.
 */
export const refreshInterrupted = poolCheck({
  id: "refresh_interrupted",
  area: "credentials",
  severity: "warning",
  title: "a renewal was interrupted",
  look: ({ interrupted }, { nowMs }) =>
    interrupted.map((account) =>
      sighting(account, !isFreshEnough(account.login, { kind: "expiring" }, nowMs)),
    ),
  mend: {
    isLive: true,
    describe: ({ snapshot }, { target }) => {
      const account = snapshot?.interrupted.find(({ id }) => id === target);
      return `Renew ${account && accountName(account)}, whose renewal was interrupted.`;
    },
    apply: async ({ fx, snapshot }, { target }) => {
      const account = snapshot?.interrupted.find(({ id }) => id === target);
      if (account) await usableLogin(fx, account, { kind: "expiring", isAsked: true });
    },
  },
});

export function interruptedRenewals(accounts: readonly Account[]): Sighting[] {
  return accounts.map((account) => sighting(account, false));
}

function sighting(account: Account, canMend: boolean): Sighting {
  const { refresh, id } = account;
  const when = refresh?.kind === "intent" ? ` at ${refresh.startedAt}` : "";
  const message = `A renewal of ${accountName(account)} was interrupted${when}; whether its refresh token is spent shows at the next renewal.`;
  return { message, fix: `codex auth check ${shellWord(id)}`, canMend, target: id };
}
