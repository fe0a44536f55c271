import { isRecord } from "../text/json.ts";
import type { ProcessIdentity } from "../machine/identity.ts";

/** What is known about a refresh of an account that has not ended well. */
export type RefreshMark = RefreshIntent | RenewalTrouble;

/** A process is about to spend the token, or was when it died. */
interface RefreshIntent {
  kind: "intent";
  fingerprint: string;
  startedAt: string;
  /** Requests with this token that had no answer before. */
  attempts: number;
  process: ProcessIdentity;
  /** What was known of this token before. */
  before?: RenewalTrouble | null;
}

/**
 * `uncertain`: the last request had no answer, so the token may be spent or not. `backing-off`: the issuer, or
 * something before it, would not serve; that request has spent nothing. When it is tried again: renewal-trouble.ts.
 */
export interface RenewalTrouble {
  kind: "uncertain" | "backing-off";
  fingerprint: string;
  /** ISO time of the first failure in a row. */
  since: string;
  /** Requests that had no answer. */
  attempts: number;
  /** ISO time of the last request; as `since` where it is not told. */
  triedAt?: string;
  /** Requests that were not served, in a row. */
  refusals?: number;
  /** What the server asked to wait, in ms; null when it said nothing. */
  retryAfterMs?: number | null;
  /** What came instead of tokens, without secrets. */
  why?: string;
}

/** Why an account is out of use: a person must log in again. */
export interface Flag {
  reason: FlagReason;
  /** ISO time. */
  since: string;
  /** What upstream said, without secrets. */
  evidence: string | null;
}

export const flagReasons = [
  // The login is an older copy: its refresh token was used up here.
  "spent",
  "used-elsewhere",
  "interrupted",
  "expired",
  "revoked",
  "rejected",
  "deactivated",
  // By another tool, from whose store the account came.
  "reported",
] as const;
export type FlagReason = (typeof flagReasons)[number];

export function isRefreshMark(value: unknown): value is RefreshMark {
  if (!isRecord(value) || typeof value["fingerprint"] !== "string") return false;
  if (typeof value["attempts"] !== "number") return false;
  if (value["kind"] === "intent") return isIntent(value);
  return isTrouble(value);
}

function isIntent({ startedAt, process, before }: Record<string, unknown>): boolean {
  const isBefore = before === undefined || before === null || (isRecord(before) && isTrouble(before));
  return typeof startedAt === "string" && isRecord(process) && isBefore;
}

function isTrouble({ kind, since, triedAt, refusals, retryAfterMs, why }: Record<string, unknown>): boolean {
  if ((kind !== "uncertain" && kind !== "backing-off") || typeof since !== "string") return false;
  const isRest = retryAfterMs === undefined || retryAfterMs === null || typeof retryAfterMs === "number";
  return isRest && isMaybe(triedAt, "string") && isMaybe(refusals, "number") && isMaybe(why, "string");
}

function isMaybe(value: unknown, type: "string" | "number"): boolean {
  return value === undefined || typeof value === type;
}

export function isFlag(value: unknown): value is Flag {
  if (!isRecord(value) || typeof value["since"] !== "string") return false;
  const { evidence, reason } = value;
  return (evidence === null || typeof evidence === "string") && flagReasons.some((each) => each === reason);
}
