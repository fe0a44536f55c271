import { configured, presentMs } from "./tracker-config.ts";
import type { Clock } from "./tracker-config.ts";

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
export function keyOf(accountKey: string | number, quotaKey: string | undefined): string {
  return JSON.stringify([String(accountKey), quotaKey ?? ""]);
}
