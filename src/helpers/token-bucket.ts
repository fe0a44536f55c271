import { keyOf } from "./health-score.ts";

const size = 50;
const refillPerMs = 6 / 60_000;
const refundableMs = 90_000;

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
  /** When tokens were taken that may still come back. */
  readonly takenAtMs: readonly number[];
}

/**
 * A budget of requests per account: 50 tokens, 6 more a minute. It only ranks accounts, it refuses nothing by itself.
 * Keyed by account key and quota key. `now` gives epoch ms.
 */
export class TokenBucketTracker {
  readonly #buckets = new Map<string, Bucket>();
  readonly #now: () => number;

  constructor({ now = Date.now }: { now?: () => number } = {}) {
    this.#now = now;
  }

  getTokens(accountKey: string | number, quotaKey?: string): number {
    return this.#read(keyOf(accountKey, quotaKey)).tokens;
  }

  /** Takes one token; false when there is none. */
  tryConsume(accountKey: string | number, quotaKey?: string): boolean {
    const key = keyOf(accountKey, quotaKey);
    const { tokens, atMs, takenAtMs } = this.#read(key);
    if (tokens < 1) return false;
    this.#buckets.set(key, { tokens: tokens - 1, atMs, takenAtMs: [...takenAtMs, atMs] });
    return true;
  }

  /** Gives back a token that was taken at most 90 s ago; false when there is none. */
  refund(accountKey: string | number, quotaKey?: string): boolean {
    const key = keyOf(accountKey, quotaKey);
    const { tokens, atMs, takenAtMs } = this.#read(key);
    if (takenAtMs.length === 0) return false;
    this.#buckets.set(key, { tokens: Math.min(size, tokens + 1), atMs, takenAtMs: takenAtMs.slice(0, -1) });
    return true;
  }

  reset(accountKey: string | number, quotaKey?: string): void {
    this.#buckets.delete(keyOf(accountKey, quotaKey));
  }

  clear(): void {
    this.#buckets.clear();
  }

  #read(key: string): Bucket {
    const atMs = this.#now();
    const known = this.#buckets.get(key);
    if (!known) return { tokens: size, atMs, takenAtMs: [] };
    const refilled = known.tokens + Math.max(0, atMs - known.atMs) * refillPerMs;
    const takenAtMs = known.takenAtMs.filter((each) => atMs - each <= refundableMs);
    return { tokens: Math.min(size, refilled), atMs, takenAtMs };
  }
}
