import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../store/account.ts";
import type { Snapshot } from "../store/store.ts";

/** The account to use when nobody names one: the active one if it can be used, else the first that can. */
export function recommendedAccount({ pool, active }: Snapshot, nowMs: number): Account {
  const candidates = active ? [active, ...pool.accounts.filter(({ id }) => id !== active.id)] : pool.accounts;
  const found = candidates.find((account) => isReady(account, nowMs));
  if (found) return found;
  throw new CodexAuthError("no_account_ready", "No account can be used now.", {
    hint: pool.accounts.length === 0 ? "Add one: codex auth import" : "See why: codex auth list",
  });
}

function isReady({ pausedAt, flag, login }: Account, nowMs: number): boolean {
  const { refreshToken, expiresAtSec } = login;
  const hasCredential = refreshToken !== "" || expiresAtSec === null || expiresAtSec * 1000 > nowMs;
  return pausedAt === null && flag === null && hasCredential;
}
