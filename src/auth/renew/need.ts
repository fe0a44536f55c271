import type { Flag } from "../../pool/marks.ts";

/**
 * Why a new token is wanted. `expiring`: it ends soon, or in less than `leftMs`. `rejected`: upstream answered 401 for exactly this access token. `verify`: as these two,
 * also for an account that is flagged. `isAsked`: a person wants to know, so that nothing rests.
 */
export type RefreshNeed = { isAsked?: boolean } & (
  | { kind: "expiring"; leftMs?: number }
  | { kind: "verify"; accessToken?: string }
  | { kind: "rejected"; accessToken: string }
);

export type RefreshOutcome =
  /** The access token in the pool is good now; `how` it came there. */
  | { kind: "ready"; how: "fresh" | "adopted" | "renewed" }
  /** The account is flagged: a person must log in again. */
  | { kind: "flagged"; flag: Flag }
  /**
   * `uncertain`: nobody knows whether the token is spent. `backing-off`: it is not, but the issuer would not serve. The
   * token is kept, and tried again from `nextAt` (ISO time) on; `why` is half a sentence.
   */
  | { kind: "uncertain" | "backing-off"; since: string; nextAt: string; why: string }
  | { kind: "unreachable"; code: string }
  /** A running Codex may be renewing it, so nothing was sent; `who` is for a person. */
  | { kind: "left"; who: string }
  /** It has no refresh token: a lease. */
  | { kind: "not-renewable" }
  /** The command that wanted it has gone, before anything was sent. */
  | { kind: "cancelled" };
