import type { Login } from "../codex/auth-json.ts";
import type { Account } from "../store/account.ts";
import type { Flag, FlagReason } from "../store/refresh-mark.ts";
import { fingerprint } from "../store/account-id.ts";
import type { Draft } from "../store/store.ts";
import type { TokenAnswer } from "./token-endpoint.ts";

/**
 * Why a new token is wanted. `rejected`: upstream answered 401 for exactly this access token. `verify`: as these two,
 * also for an account that was set aside.
 */
export type RefreshNeed =
  | { kind: "expiring" }
  | { kind: "verify"; accessToken?: string }
  | { kind: "rejected"; accessToken: string };

export type RefreshOutcome =
  /** The access token in the pool is good now; `how` it came there. */
  | { kind: "ready"; how: "fresh" | "adopted" | "renewed" }
  /** The account was set aside: a person must log in again. */
  | { kind: "flagged"; flag: Flag }
  /** The old token is kept; nobody knows whether it is spent. */
  | { kind: "uncertain"; since: string; why: string }
  | { kind: "unreachable"; code: string }
  /** It has no refresh token: a lease. */
  | { kind: "not-renewable" }
  /** The command that wanted it has gone, before anything was sent. */
  | { kind: "cancelled" };

/** An access token with less life than this is renewed when it is needed. */
const marginMs = 10 * 60_000;
const uncertainRestMs = 60_000;
const uncertainAttempts = 2;

/** The outcome when no request is needed or allowed; null when a token has to be spent. */
export function settledOutcome(
  draft: Draft,
  id: string,
  need: RefreshNeed,
  nowMs: number,
): RefreshOutcome | null {
  const account = draft.pool.accounts.find((each) => each.id === id);
  if (!account) return { kind: "not-renewable" };
  if (isFreshEnough(account.login, need, nowMs)) return { kind: "ready", how: "fresh" };
  if (account.login.refreshToken === "") return { kind: "not-renewable" };
  const { flag } = account;
  if (flag && (need.kind !== "verify" || isTokenSpent(flag))) return { kind: "flagged", flag };
  return restingOutcome(account, nowMs);
}

/** The issuer has refused the refresh token itself: sending it again would get the same answer. */
export function isTokenSpent({ reason }: Flag): boolean {
  return reason !== "rejected" && reason !== "deactivated" && reason !== "reported";
}

export function isFreshEnough(login: Login, need: RefreshNeed, nowMs: number): boolean {
  if (need.kind !== "expiring" && login.accessToken === need.accessToken) return false;
  return freshUntilMs(login) > nowMs;
}

/** When the access token is to be renewed; infinity when it does not say when it ends. */
export function freshUntilMs({ expiresAtSec }: Login): number {
  return expiresAtSec === null ? Infinity : expiresAtSec * 1000 - marginMs;
}

/** E2: after a lost answer the token is tried once more, a minute later, and then never again. */
function restingOutcome({ login, refresh }: Account, nowMs: number): RefreshOutcome | null {
  if (refresh?.kind !== "uncertain" || refresh.fingerprint !== fingerprint(login.refreshToken)) return null;
  const isResting = nowMs - Date.parse(refresh.since) < uncertainRestMs;
  const why = isResting
    ? "the last request had no answer; it is tried again after a minute"
    : "two requests had no answer";
  return isResting || refresh.attempts >= uncertainAttempts
    ? { kind: "uncertain", since: refresh.since, why }
    : null;
}

interface Failure {
  answer: Exclude<TokenAnswer, { kind: "tokens" }>;
  isRepeat: boolean;
  nowMs: number;
}

/** Writes down what a refresh without new tokens means for the account. */
export function bookFailure(account: Account, { answer, isRepeat, nowMs }: Failure): RefreshOutcome {
  const since = new Date(nowMs).toISOString();
  const { refresh } = account;
  if (answer.kind === "unreachable") {
    account.refresh = null;
    return { kind: "unreachable", code: answer.code };
  }
  if (answer.kind === "uncertain") {
    const attempts = (refresh?.attempts ?? 0) + 1;
    account.refresh = {
      kind: "uncertain",
      fingerprint: fingerprint(account.login.refreshToken),
      since,
      attempts,
    };
    return { kind: "uncertain", since, why: answer.why };
  }
  account.refresh = null;
  account.flag = {
    reason: reasonOf(answer.code, isRepeat),
    since,
    evidence: `HTTP ${answer.status} ${answer.code}`,
  };
  return { kind: "flagged", flag: account.flag };
}

/** E1. A token that is used up was lost by us if an earlier request of ours had no answer, else used by somebody else. */
function reasonOf(code: string, isRepeat: boolean): FlagReason {
  if (code === "refresh_token_reused" || code === "invalid_grant")
    return isRepeat ? "interrupted" : "used-elsewhere";
  if (code === "refresh_token_expired") return "expired";
  if (code === "refresh_token_invalidated") return "revoked";
  return /^account_(deactivated|suspended|deleted)$/.test(code) ? "deactivated" : "rejected";
}
