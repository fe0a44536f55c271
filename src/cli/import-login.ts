import type { StoredLogin } from "../interchange/stored-login.ts";
import { completedLogin } from "../interchange/stored-login.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { fingerprint } from "../store/account-id.ts";
import type { Account } from "../store/account.ts";
import { adopt, findAccount } from "../store/adopt.ts";
import { isFlag } from "../store/refresh-mark.ts";
import type { Flag } from "../store/refresh-mark.ts";
import type { Draft } from "../store/store.ts";
import { checkedLabel, refuseTakenLabel } from "./labels.ts";
import { accountName } from "../store/account-name.ts";

/** What became of one login; `reason` is for a person. */
export interface Taken {
  outcome: "added" | "updated" | "unchanged" | "skipped";
  reason: string | null;
  account: Account;
}

/** One import: what it has added is still as its source says, everything older is the person's. */
export interface ImportRun {
  nowMs: number;
  addedIds: Set<string>;
}

/** Takes a login of a store into the pool. A known account keeps its label, its pause and every newer token. */
export function importLogin(draft: Draft, stored: StoredLogin, run: ImportRun): Taken {
  const known = findAccount(draft.pool, stored.login);
  if (!known) return addLogin(draft, stored, run);
  // Switchers keep old copies of a login without its name.
  if (run.addedIds.has(known.id) && known.label === null) labelProblem(draft, known, stored.label);
  if (stored.setAside) return keepAside(draft, stored, known, run);
  if (stored.isPartial && hasTokensOf(known, stored))
    return { outcome: "unchanged", reason: null, account: known };
  return updateLogin(draft, stored, known, run);
}

function addLogin(draft: Draft, stored: StoredLogin, { nowMs, addedIds }: ImportRun): Taken {
  const { account } = adopt(draft.pool, stored.login, { nowMs, tie: "pool" });
  const { pausedAt } = stored;
  addedIds.add(account.id);
  account.pausedAt = pausedAt === "now" ? new Date(nowMs).toISOString() : pausedAt;
  account.flag = flagOf(stored, nowMs);
  const reasons = [
    account.flag ? "set aside until it is tested: codex auth verify-flagged" : null,
    account.pausedAt ? "paused" : null,
    labelProblem(draft, account, stored.label),
  ].filter((reason) => reason !== null);
  return { outcome: "added", reason: reasons.length > 0 ? reasons.join("; ") : null, account };
}

function updateLogin(draft: Draft, stored: StoredLogin, known: Account, { nowMs }: ImportRun): Taken {
  const login = completedLogin(stored, known.auth);
  const { outcome, displaced } = adopt(draft.pool, login, { nowMs, tie: "pool" });
  if (displaced) draft.park(displaced);
  if (outcome === "kept")
    return { outcome: "skipped", reason: "the token in the pool is as new or newer", account: known };
  if (outcome !== "updated") return { outcome: "unchanged", reason: null, account: known };
  const reason =
    draft.active === known
      ? `auth.json still has the older token; to use this one: codex auth switch ${known.id}`
      : null;
  return { outcome: "updated", reason, account: known };
}

/** A login that failed elsewhere never replaces one of ours; it may still be good, so it is not thrown away either. */
function keepAside(draft: Draft, stored: StoredLogin, known: Account, { nowMs, addedIds }: ImportRun): Taken {
  if (hasTokensOf(known, stored) || isSameRefreshToken(known, stored)) {
    if (addedIds.has(known.id)) known.flag ??= flagOf(stored, nowMs);
    return { outcome: "unchanged", reason: null, account: known };
  }
  const { refreshToken, document } = stored.login;
  if (refreshToken !== "" && !known.spent.includes(fingerprint(refreshToken))) draft.park(document);
  return {
    outcome: "skipped",
    reason: "it was set aside there, and the pool has another login",
    account: known,
  };
}

function hasTokensOf({ login }: Account, stored: StoredLogin): boolean {
  const { accessToken, refreshToken } = stored.login;
  return login.refreshToken === refreshToken && login.accessToken === accessToken;
}

/** What was refused is the refresh token, whatever access token stands beside it. */
function isSameRefreshToken({ login }: Account, { login: { refreshToken } }: StoredLogin): boolean {
  return refreshToken !== "" && refreshToken === login.refreshToken;
}

function flagOf({ setAside }: StoredLogin, nowMs: number): Flag | null {
  if (!setAside) return null;
  const { reason, evidence } = setAside;
  const since = setAside.since ?? new Date(nowMs).toISOString();
  const flag = { reason, since, evidence };
  return isFlag(flag) ? flag : { reason: "reported", since, evidence };
}

/** Sets the label where it can be one; the login comes in all the same. */
function labelProblem({ pool }: Draft, account: Account, wanted: string | null): string | null {
  if (wanted === null) return null;
  try {
    const label = checkedLabel(wanted);
    refuseTakenLabel(pool.accounts, account, label);
    account.label = label;
    return null;
  } catch (error) {
    if (error instanceof CodexAuthError) return `without its label: ${error.message}`;
    throw error;
  }
}

/** How the report names the account of a login that was taken. */
export function takenReport({ outcome, reason, account }: Taken) {
  return { outcome, reason, accountId: account.id, name: accountName(account) };
}
