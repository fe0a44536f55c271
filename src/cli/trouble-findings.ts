import { flagText } from "../auth/usable-login.ts";
import type { Account } from "../store/account.ts";
import type { Snapshot } from "../store/store.ts";
import type { Finding } from "./finding.ts";
import { accountName } from "./select-account.ts";

/** Renewals that were killed, so that nobody knows whether the token is spent. */
export function interruptedFindings({ interrupted }: Pick<Snapshot, "interrupted">): Finding[] {
  return interrupted.map(interruptedFinding);
}

/** Accounts that were set aside: a person must log in again. */
export function flaggedFindings(accounts: readonly Account[]): Finding[] {
  return accounts.filter(({ flag }) => flag !== null).map(flaggedFinding);
}

function interruptedFinding(account: Account): Finding {
  const { refresh, id } = account;
  const when = refresh?.kind === "intent" ? ` at ${refresh.startedAt}` : "";
  const message = `A renewal of ${accountName(account)} was interrupted${when}; whether its refresh token is spent shows at the next renewal.`;
  return { id: "refresh_interrupted", severity: "warning", message, fix: `codex auth check ${id}` };
}

function flaggedFinding(account: Account): Finding {
  const { flag } = account;
  const why = flag ? `${flagText(flag.reason)}, since ${flag.since}` : "";
  const message = `${accountName(account)} is set aside: ${why}.`;
  return { id: "login_flagged", severity: "warning", message, fix: "codex auth login" };
}
