import { keyOf } from "./health-score.ts";
import { configured, presentMs } from "./tracker-config.ts";
import type { Clock } from "./tracker-config.ts";

/** The names are those of codex-multi-auth. */
export interface TokenBucketConfig {
  now: Clock;
  maxTokens: number;
  tokensPerMinute: number;
}

const defaults: TokenBucketConfig = { now: presentMs, maxTokens: 50, tokensPerMinute: 6 };
const refundableMs = 90_000;

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
  /** When tokens were taken that may still come back. */
  readonly takenAtMs: readonly number[];
}

/**
 * A budget of requests per account: 50 tokens, 6 more a minute, unless configured otherwise. It only ranks accounts, it
 * refuses nothing by itself. Keyed by account key and quota key. Throws TypeError on a setting that it does not have.
 */
export class TokenBucketTracker {
  readonly #buckets = new Map<string, Bucket>();
  readonly #config: TokenBucketConfig;

  constructor(config: Partial<TokenBucketConfig> = {}) {
    this.#config = configured("TokenBucketTracker", defaults, config);
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
    this.#buckets.set(key, {
      tokens: Math.min(this.#config.maxTokens, tokens + 1),
      atMs,
      takenAtMs: takenAtMs.slice(0, -1),
    });
    return true;
  }

  reset(accountKey: string | number, quotaKey?: string): void {
    this.#buckets.delete(keyOf(accountKey, quotaKey));
  }

  clear(): void {
    this.#buckets.clear();
  }

  #read(key: string): Bucket {
    const { now, maxTokens, tokensPerMinute } = this.#config;
    const atMs = now();
    const known = this.#buckets.get(key);
    if (!known) return { tokens: maxTokens, atMs, takenAtMs: [] };
    const refilled = known.tokens + Math.max(0, atMs - known.atMs) * (tokensPerMinute / 60_000);
    const takenAtMs = known.takenAtMs.filter((each) => atMs - each <= refundableMs);
    return { tokens: Math.min(maxTokens, refilled), atMs, takenAtMs };
  }
}
