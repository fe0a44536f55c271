import type { Account } from "../../store/account.ts";
import { accountName } from "../../store/account-name.ts";
import { poolCheck } from "../check.ts";
import type { Sighting } from "../check.ts";

/** Renewals that were killed, so that nobody knows whether the token is spent. */
export const refreshInterrupted = poolCheck({
  id: "refresh_interrupted",
  area: "credentials",
  severity: "warning",
  title: "a renewal was interrupted",
  look: ({ interrupted }) => interruptedRenewals(interrupted),
});

export function interruptedRenewals(accounts: readonly Account[]): Sighting[] {
  return accounts.map(sighting);
}

function sighting(account: Account): Sighting {
  const { refresh, id } = account;
  const when = refresh?.kind === "intent" ? ` at ${refresh.startedAt}` : "";
  const message = `A renewal of ${accountName(account)} was interrupted${when}; whether its refresh token is spent shows at the next renewal.`;
  return { message, fix: `codex auth check ${id}` };
}
