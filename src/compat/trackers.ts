import { isAmount, isCallable, isNumber, isRecord } from "./call-forms.ts";

/** Epoch ms. */
export type Clock = () => number;

/** The present at each call, also where the clock of the process was replaced after this was loaded. */
export const presentMs: Clock = () => Date.now();

const checks: Readonly<Record<string, (value: unknown) => boolean>> = {
  now: isCallable,
  successDelta: isNumber,
  rateLimitDelta: isNumber,
  failureDelta: isNumber,
  maxScore: isNumber,
  minScore: isNumber,
  passiveRecoveryPerHour: isAmount,
  maxTokens: isAmount,
  tokensPerMinute: isAmount,
};

/** What was given over what holds otherwise. Throws TypeError for a name that is none, and a value that is no number. */
function configured<C extends { now: Clock }>(tracker: string, defaults: C, given: Partial<C>): C {
  if (!isRecord(given)) throw new TypeError(`${tracker} requires a configuration that is an object`);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!(name in defaults)) throw new TypeError(`${tracker} has no setting ${name}`);
    if (!checks[name]?.(value)) throw new TypeError(`${tracker} requires a valid ${name}`);
  }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...defaults, ...set };
}

const hourMs = 3_600_000;

/** Points; the names are those of codex-multi-auth. */
export interface HealthScoreConfig {
  now: Clock;
  successDelta: number;
  rateLimitDelta: number;
  failureDelta: number;
  maxScore: number;
  minScore: number;
  passiveRecoveryPerHour: number;
}

const defaults: HealthScoreConfig = {
  now: presentMs,
  successDelta: 1,
  rateLimitDelta: -10,
  failureDelta: -20,
  maxScore: 100,
  minScore: 0,
  passiveRecoveryPerHour: 2,
};

interface Health {
  readonly score: number;
  readonly failures: number;
  readonly atMs: number;
}

/**
 * How well accounts have served, 0 to 100; an account never seen has 100. Success adds 1, a rate limit takes 10, a
 * failure 20, and every hour of rest gives 2 back, unless configured otherwise. Keyed by account key and quota key. Throws
 * TypeError on a setting that it does not have.
 */
export class HealthScoreTracker {
  readonly #known = new Map<string, Health>();
  readonly #config: HealthScoreConfig;

  constructor(config: Partial<HealthScoreConfig> = {}) {
    this.#config = configured("HealthScoreTracker", defaults, config);
  }

  getScore(accountKey: string | number, quotaKey?: string): number {
    return this.#read(accountKey, quotaKey).score;
  }

  getConsecutiveFailures(accountKey: string | number, quotaKey?: string): number {
    return this.#read(accountKey, quotaKey).failures;
  }

  recordSuccess(accountKey: string | number, quotaKey?: string): void {
    this.#change(accountKey, quotaKey, this.#config.successDelta, () => 0);
  }

  recordRateLimit(accountKey: string | number, quotaKey?: string): void {
    this.#change(accountKey, quotaKey, this.#config.rateLimitDelta, (failures) => failures);
  }

  recordFailure(accountKey: string | number, quotaKey?: string): void {
    this.#change(accountKey, quotaKey, this.#config.failureDelta, (failures) => failures + 1);
  }

  reset(accountKey: string | number, quotaKey?: string): void {
    this.#known.delete(keyOf(accountKey, quotaKey));
  }

  clear(): void {
    this.#known.clear();
  }

  #read(accountKey: string | number, quotaKey: string | undefined): Health {
    const { now, maxScore, passiveRecoveryPerHour } = this.#config;
    const atMs = now();
    const known = this.#known.get(keyOf(accountKey, quotaKey));
    if (!known) return { score: maxScore, failures: 0, atMs };
    const rested = Math.max(0, atMs - known.atMs) / hourMs;
    const score = this.#clamp(known.score + passiveRecoveryPerHour * rested);
    return { score, failures: known.failures, atMs };
  }

  #change(
    accountKey: string | number,
    quotaKey: string | undefined,
    step: number,
    count: (failures: number) => number,
  ): void {
    const { score, failures, atMs } = this.#read(accountKey, quotaKey);
    this.#known.set(keyOf(accountKey, quotaKey), {
      score: this.#clamp(score + step),
      failures: count(failures),
      atMs,
    });
  }

  #clamp(score: number): number {
    return Math.min(this.#config.maxScore, Math.max(this.#config.minScore, score));
  }
}

/** No two pairs of keys share a text. */
function keyOf(accountKey: string | number, quotaKey: string | undefined): string {
  return JSON.stringify([String(accountKey), quotaKey ?? ""]);
}

/** The names are those of codex-multi-auth. */
export interface TokenBucketConfig {
  now: Clock;
  maxTokens: number;
  tokensPerMinute: number;
}

const bucketDefaults: TokenBucketConfig = { now: presentMs, maxTokens: 50, tokensPerMinute: 6 };
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
    this.#config = configured("TokenBucketTracker", bucketDefaults, config);
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
