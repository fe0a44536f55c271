import { isAmount, isCallable, isPositiveInteger, optional } from "./argument-checks.ts";
import { namedCall } from "./named-call.ts";
import type { CallForm } from "./named-call.ts";

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

const form: CallForm<ExponentialBackoffParams> = {
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
  } = namedCall(form, args);
  // 0 x 2^2000 is NaN, so nothing is doubled more often than a number can grow.
  const delay = Math.min(baseMs * 2 ** Math.min(attempt - 1, 1000), maxMs);
  const jitter = (random() * 2 - 1) * jitterFactor * delay;
  return Math.min(Math.max(0, Math.floor(delay + jitter)), Math.floor(maxMs));
}
