import {
  type CallForm,
  isAmount,
  isCallable,
  isIndex,
  isName,
  isPositiveInteger,
  namedCall,
  optional,
} from "./call-forms.ts";
import { presentMs } from "./trackers.ts";

export type RateLimitReason = "quota" | "tokens" | "concurrent" | "unknown";

export interface RateLimitBackoffParams {
  /** The account's slot, from 0. */
  readonly accountIndex: number;
  readonly quotaKey: string;
  /** What the server asked for, in ms; null when it asked for nothing. A floor of the result. */
  readonly serverRetryAfterMs?: number | null | undefined;
  readonly reason?: RateLimitReason | undefined;
  /** A key that stays when slots move; used instead of `accountIndex`. */
  readonly stableAccountKey?: string | undefined;
}

export interface RateLimitBackoffResult {
  /** How many fresh hits in a row, from 1. */
  readonly attempt: number;
  /** Whole ms. */
  readonly delayMs: number;
  /** True when the hit belongs to the same burst as the one before. */
  readonly isDuplicate: boolean;
  readonly reason: RateLimitReason;
}

export interface RateLimitBackoff {
  /** Books a hit and says how long to wait. */
  next(params: RateLimitBackoffParams): RateLimitBackoffResult;
  /** Forgets everything. */
  reset(): void;
}

interface Hits {
  readonly attempt: number;
  readonly delayMs: number;
  readonly freshAtMs: number;
  readonly lastAtMs: number;
}

const sameBurstMs = 2000;
const quietMs = 120_000;
const baseMs = 1000;
const maxMs = 60_000;
const mostKeys = 1000;
const reasonFactors: ReadonlyMap<RateLimitReason, number> = new Map([
  ["quota", 3],
  ["tokens", 1.5],
  ["concurrent", 0.5],
]);

/** A backoff with its own memory. `now` gives epoch ms, `random` numbers in [0, 1). */
export function createRateLimitBackoff({
  now = presentMs,
  random = () => Math.random(),
}: { now?: () => number; random?: () => number } = {}): RateLimitBackoff {
  const hits = new Map<string, Hits>();
  return {
    next(given) {
      const params = namedCall<RateLimitBackoffParams>({ ...form, helper: "RateLimitBackoff.next" }, [given]);
      const { accountIndex, quotaKey, stableAccountKey, reason = "unknown" } = params;
      const key = JSON.stringify([stableAccountKey ?? accountIndex, quotaKey]);
      const nowMs = now();
      const floorMs = floorOf(params.serverRetryAfterMs);
      const before = recent(hits.get(key), nowMs);
      const isDuplicate = before !== undefined && nowMs - before.freshAtMs < sameBurstMs;
      const attempt = isDuplicate ? before.attempt : (before?.attempt ?? 0) + 1;
      const ownMs = isDuplicate ? before.delayMs : delayOf(attempt, floorMs, reason, random);
      const delayMs = Math.max(ownMs, floorMs);
      if (hits.size >= mostKeys) forgetQuiet(hits, nowMs);
      hits.set(key, { attempt, delayMs, freshAtMs: isDuplicate ? before.freshAtMs : nowMs, lastAtMs: nowMs });
      return { attempt, delayMs, isDuplicate, reason };
    },
    reset: () => hits.clear(),
  };
}

/** The one memory of this module: helpers that are called bare have nowhere else to keep it. */
const defaultBackoff = createRateLimitBackoff();

const form: CallForm<RateLimitBackoffParams> = {
  helper: "getRateLimitBackoffWithReason",
  names: ["accountIndex", "quotaKey", "serverRetryAfterMs", "reason", "stableAccountKey"],
  requires:
    "accountIndex, quotaKey and, if given, serverRetryAfterMs in ms, a known reason and a stableAccountKey",
  checks: {
    accountIndex: isIndex,
    quotaKey: isName,
    serverRetryAfterMs: optional((value) => value === null || typeof value === "number"),
    reason: optional(
      (value) => value === "unknown" || [...reasonFactors.keys()].some((each) => each === value),
    ),
    stableAccountKey: optional(isName),
  },
};

/**
 * Books a rate limit hit of an account in the default memory and says how long to wait (ms). A repeat within 2 s is
 * a duplicate; 120 s of quiet starts again. Never shorter than `serverRetryAfterMs`. Throws TypeError on a wrong call.
 */
export function getRateLimitBackoffWithReason(
  accountIndex: number,
  quotaKey: string,
  serverRetryAfterMs?: number | null,
  reason?: RateLimitReason,
  stableAccountKey?: string,
): RateLimitBackoffResult;
export function getRateLimitBackoffWithReason(params: RateLimitBackoffParams): RateLimitBackoffResult;
export function getRateLimitBackoffWithReason(...args: readonly unknown[]): RateLimitBackoffResult {
  return defaultBackoff.next(namedCall(form, args));
}

/** Empties the memory behind `getRateLimitBackoffWithReason`. For tests. */
export function resetRateLimitBackoff(): void {
  defaultBackoff.reset();
}

function recent(hits: Hits | undefined, nowMs: number): Hits | undefined {
  return hits && nowMs - hits.lastAtMs < quietMs ? hits : undefined;
}

function delayOf(attempt: number, floorMs: number, reason: RateLimitReason, random: () => number): number {
  const grown = exponentialBackoff(attempt, Math.max(baseMs, floorMs), maxMs, 0.2, random);
  return Math.round(grown * (reasonFactors.get(reason) ?? 1));
}

/** A server's wait in whole ms, rounded up; nonsense asks for nothing. */
function floorOf(serverMs: number | null | undefined): number {
  return typeof serverMs === "number" && Number.isFinite(serverMs) && serverMs > 0 ? Math.ceil(serverMs) : 0;
}

function forgetQuiet(hits: Map<string, Hits>, nowMs: number): void {
  for (const [key, each] of hits) if (!recent(each, nowMs)) hits.delete(key);
}

export interface ExponentialBackoffParams {
  /** Which attempt failed, from 1. */
  readonly attempt: number;
  /** Delay after the first attempt, in ms. */
  readonly baseMs?: number | undefined;
  /** No delay is longer, in ms. */
  readonly maxMs?: number | undefined;
  /** 0 to 1: the delay varies by plus or minus this part of itself. */
  readonly jitterFactor?: number | undefined;
  /** A source of numbers in [0, 1). */
  readonly random?: (() => number) | undefined;
}

const exponentialForm: CallForm<ExponentialBackoffParams> = {
  helper: "exponentialBackoff",
  names: ["attempt", "baseMs", "maxMs", "jitterFactor", "random"],
  requires:
    "a positive integer attempt, finite baseMs and maxMs that are not negative, and jitterFactor in 0-1",
  checks: {
    attempt: isPositiveInteger,
    baseMs: optional(isAmount),
    maxMs: optional(isAmount),
    jitterFactor: optional((value) => isAmount(value) && Number(value) <= 1),
    random: optional(isCallable),
  },
};

/**
 * The delay before the next attempt, in whole ms: `min(baseMs x 2^(attempt-1), maxMs)` with jitter, never below 0 and
 * never above `maxMs`. Throws TypeError on arguments out of range.
 */
export function exponentialBackoff(
  attempt: number,
  baseMs?: number,
  maxMs?: number,
  jitterFactor?: number,
  random?: () => number,
): number;
export function exponentialBackoff(params: ExponentialBackoffParams): number;
export function exponentialBackoff(...args: readonly unknown[]): number {
  const {
    attempt,
    baseMs = 1000,
    maxMs = 60_000,
    jitterFactor = 0.1,
    random = () => Math.random(),
  } = namedCall(exponentialForm, args);
  // 0 x 2^2000 is NaN, so nothing is doubled more often than a number can grow.
  const delay = Math.min(baseMs * 2 ** Math.min(attempt - 1, 1000), maxMs);
  const jitter = (random() * 2 - 1) * jitterFactor * delay;
  return Math.min(Math.max(0, Math.floor(delay + jitter)), Math.floor(maxMs));
}
