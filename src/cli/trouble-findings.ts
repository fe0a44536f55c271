import { flagRemedy, flagText } from "../auth/usable-login.ts";
import type { Account } from "../store/account.ts";
import type { Flag } from "../store/refresh-mark.ts";
import type { Snapshot } from "../store/store.ts";
import type { Finding } from "./finding.ts";
import { accountName } from "./select-account.ts";

/** Renewals that were killed, so that nobody knows whether the token is spent. */
export function interruptedFindings({ interrupted }: Pick<Snapshot, "interrupted">): Finding[] {
  return interrupted.map(interruptedFinding);
}

/** Accounts that were set aside: a person has to do something. */
export function flaggedFindings(accounts: readonly Account[]): Finding[] {
  return accounts.flatMap((account) => (account.flag ? [flaggedFinding(account, account.flag)] : []));
}

function interruptedFinding(account: Account): Finding {
  const { refresh, id } = account;
  const when = refresh?.kind === "intent" ? ` at ${refresh.startedAt}` : "";
  const message = `A renewal of ${accountName(account)} was interrupted${when}; whether its refresh token is spent shows at the next renewal.`;
  return { id: "refresh_interrupted", severity: "warning", message, fix: `codex auth check ${id}` };
}

function flaggedFinding(account: Account, { reason, since }: Flag): Finding {
  const message = `${accountName(account)} is set aside: ${flagText(reason)}, since ${since}.`;
  return { id: "login_flagged", severity: "warning", message, fix: flagRemedy(reason) };
}
