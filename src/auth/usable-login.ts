import type { Login } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../store/account.ts";
import type { Store } from "../store/store.ts";
import { isFreshEnough } from "./refresh-outcome.ts";
import type { RefreshNeed, RefreshOutcome } from "./refresh-outcome.ts";

interface Effects {
  now: () => number;
  store: Store;
  renew: (accountId: string, need: RefreshNeed) => Promise<RefreshOutcome>;
}

/** The login of an account with an access token that serves for a while; renewed only when it has to be. */
export async function usableLogin(
  fx: Effects,
  account: Account,
  need: RefreshNeed = { kind: "expiring" },
): Promise<Login> {
  if (isFreshEnough(account.login, need, fx.now())) return account.login;
  const outcome = await fx.renew(account.id, need);
  if (outcome.kind !== "ready") throw renewalError(outcome);
  const { pool } = await fx.store.read();
  return (pool.accounts.find(({ id }) => id === account.id) ?? account).login;
}

const flagTexts = {
  "used-elsewhere": "its refresh token was used by another program or machine",
  interrupted: "its refresh token was lost in a renewal that was interrupted",
  expired: "its refresh token has expired",
  revoked: "it was revoked",
  rejected: "the issuer refused it",
  deactivated: "the account was deactivated",
} as const;

/** Why an account was set aside, as half a sentence. */
export function flagText(reason: keyof typeof flagTexts): string {
  return flagTexts[reason];
}

function renewalError(outcome: Exclude<RefreshOutcome, { kind: "ready" }>): CodexAuthError {
  switch (outcome.kind) {
    case "flagged":
      return new CodexAuthError(
        "login_flagged",
        `The login cannot be renewed: ${flagText(outcome.flag.reason)}.`,
        {
          hint: "Log in again: codex auth login",
        },
      );
    case "uncertain":
      return new CodexAuthError(
        "refresh_uncertain",
        `A renewal had no answer since ${outcome.since}: ${outcome.why}.`,
        {
          hint: "The old token is kept. Try again in a minute.",
        },
      );
    case "unreachable":
      return new CodexAuthError("network_unreachable", `The issuer cannot be reached: ${outcome.code}.`, {
        hint: "Nothing was sent. Check the network, then run the command again.",
      });
    case "not-renewable":
      return new CodexAuthError(
        "login_expired",
        "The access token has ended and there is no refresh token.",
        {
          hint: "Log in again: codex auth login",
        },
      );
    case "cancelled":
      return new CodexAuthError("interrupted", "The renewal was stopped before anything was sent.");
  }
}
