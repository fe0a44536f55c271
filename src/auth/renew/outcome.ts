import type { Login } from "../../codex/auth-json.ts";
import { type Account, fingerprint } from "../../pool/account.ts";
import type { Flag, FlagReason, RenewalTrouble } from "../../pool/marks.ts";
import { holdsSpentToken } from "../../pool/pool.ts";
import type { PoolTransaction } from "../../store/pool-store.ts";
import type { RefreshNeed, RefreshOutcome } from "./need.ts";
import type { TokenAnswer } from "./token-endpoint.ts";
import {
  afterLostAnswer,
  afterRefusalToServe,
  nextTryMs,
  renewalTrouble,
  troubleText,
} from "../../pool/renewal-trouble.ts";

/** An access token with less life than this is renewed when it is needed. */
const marginMs = 10 * 60_000;

/** The outcome when no request is needed or allowed; null when a token has to be spent. */
export function settledOutcome(
  transaction: Pick<PoolTransaction, "pool">,
  id: string,
  need: RefreshNeed,
  nowMs: number,
): RefreshOutcome | null {
  const account = transaction.pool.accounts.find((each) => each.id === id);
  if (!account) return { kind: "not-renewable" };
  if (isFreshEnough(account.login, need, nowMs)) return { kind: "ready", how: "fresh" };
  if (account.login.refreshToken === "") return { kind: "not-renewable" };
  const flag = account.flag ?? spentFlag(account, nowMs);
  if (flag && (need.kind !== "verify" || isTokenSpent(flag))) return { kind: "flagged", flag };
  const trouble = need.isAsked ? null : renewalTrouble(account);
  return trouble && nextTryMs(trouble, nowMs) > nowMs ? troubleOutcome(trouble, nowMs) : null;
}

/** However the token came into the pool: the issuer would end the whole login. */
function spentFlag(account: Account, nowMs: number): Flag | null {
  if (!holdsSpentToken(account)) return null;
  return { reason: "spent", since: new Date(nowMs).toISOString(), evidence: null };
}

/** The issuer has refused the refresh token itself: sending it again would get the same answer. */
export function isTokenSpent({ reason }: Flag): boolean {
  return reason !== "rejected" && reason !== "deactivated" && reason !== "reported";
}

export function isFreshEnough(login: Login, need: RefreshNeed, nowMs: number): boolean {
  if (need.kind !== "expiring" && login.accessToken === need.accessToken) return false;
  const leftMs = need.kind === "expiring" ? (need.leftMs ?? 0) : 0;
  return freshUntilMs(login, Math.max(leftMs, marginMs)) > nowMs;
}

/** When the access token is to be renewed; infinity when it does not say when it ends. */
export function freshUntilMs({ expiresAtSec }: Login, leftMs = marginMs): number {
  return expiresAtSec === null ? Infinity : expiresAtSec * 1000 - leftMs;
}

/** Whether an access token serves now. */
export function isValid({ expiresAtSec }: Login, nowMs: number): boolean {
  return expiresAtSec === null || expiresAtSec * 1000 > nowMs;
}

function troubleOutcome(trouble: RenewalTrouble, nowMs: number): RefreshOutcome {
  const { kind, since } = trouble;
  const nextAt = new Date(nextTryMs(trouble, nowMs)).toISOString();
  return { kind, since, nextAt, why: troubleText(trouble) };
}

interface Failure {
  answer: Exclude<TokenAnswer, { kind: "tokens" }>;
  /** What was known of the token before it was sent. */
  before: RenewalTrouble | null;
  nowMs: number;
}

/** Writes down what a refresh without new tokens means for the account. */
export function bookFailure(account: Account, { answer, before, nowMs }: Failure): RefreshOutcome {
  const token = fingerprint(account.login.refreshToken);
  if (answer.kind === "unreachable") {
    account.refresh = before;
    return { kind: "unreachable", code: answer.code };
  }
  if (answer.kind === "refused") {
    account.refresh = null;
    account.flag = {
      reason: reasonOf(answer.code, before !== null && before.attempts > 0),
      since: new Date(nowMs).toISOString(),
      evidence: `HTTP ${answer.status} ${answer.code}`,
    };
    return { kind: "flagged", flag: account.flag };
  }
  const failure = { before, token, nowMs, why: answer.why };
  account.refresh =
    answer.kind === "uncertain"
      ? afterLostAnswer(failure)
      : afterRefusalToServe(failure, answer.retryAfterMs);
  return troubleOutcome(account.refresh, nowMs);
}

/** E1. A token that is used up was lost by us if an earlier request of ours had no answer, else used by somebody else. */
function reasonOf(code: string, isRepeat: boolean): FlagReason {
  if (code === "refresh_token_reused" || code === "invalid_grant")
    return isRepeat ? "interrupted" : "used-elsewhere";
  if (code === "refresh_token_expired") return "expired";
  if (code === "refresh_token_invalidated") return "revoked";
  return /^account_(deactivated|suspended|deleted)$/.test(code) ? "deactivated" : "rejected";
}
