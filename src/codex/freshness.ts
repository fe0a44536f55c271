import type { Login } from "./auth-json.ts";

/**
 * Who wins where nothing tells which login is newer. The live file was written later than the pool, which is always
 * written first; of a file or a backup nobody knows.
 */
export type Tie = "login" | "pool";

/** A clock may be behind by this much; a login that is dated later than that proves nothing. */
const toleranceMs = 5 * 60_000;

/**
 * Whether a login that was found is newer than the one that the pool has of the same identity: by the access token's
 * `iat`, then its `exp`, then `last_refresh`; the time of a file says nothing about a token. Nobody checks the signature,
 * and with a time far ahead a forged login would stay on top for good: a login with no time of issue, or one that is
 * still to come, gives way to one that has it.
 */
export function isNewer(found: Login, held: Login, { nowMs, tie }: { nowMs: number; tie: Tie }): boolean {
  const isFoundDated = isPast(found.issuedAtSec, nowMs);
  const isHeldDated = isPast(held.issuedAtSec, nowMs);
  // What Codex has just got is in auth.json, also where the clock is behind: there the tie goes to it.
  if (isFoundDated !== isHeldDated) return isFoundDated || tie === "login";
  const order =
    compare(found.issuedAtSec, held.issuedAtSec) ||
    compare(endOf(found), endOf(held)) ||
    Math.sign(renewalOf(found, nowMs) - renewalOf(held, nowMs));
  return order === 0 ? tie === "login" : order > 0;
}

/** Whether a login claims to be from a time to come. */
export function isFromFuture({ issuedAtSec }: Login, nowMs: number): boolean {
  return issuedAtSec !== null && !isPast(issuedAtSec, nowMs);
}

function isPast(sec: number | null, nowMs: number): boolean {
  return sec !== null && sec * 1000 <= nowMs + toleranceMs;
}

function compare(a: number | null, b: number | null): number {
  if (a === null || b === null) return 0;
  return Math.sign(a - b);
}

/** An end by itself is just a number: only that of tokens that were issued together tells which came later. */
function endOf({ issuedAtSec, expiresAtSec }: Login): number | null {
  return issuedAtSec === null ? null : expiresAtSec;
}

/** A login that lost its last_refresh lost it to another tool; Codex always writes one. */
function renewalOf({ lastRefresh }: Login, nowMs: number): number {
  const ms = lastRefresh === null ? 0 : Date.parse(lastRefresh);
  return ms > nowMs + toleranceMs ? 0 : ms;
}
