const hourMs = 3_600_000;

interface Health {
  readonly score: number;
  readonly failures: number;
  readonly atMs: number;
}

/**
 * How well accounts have served, 0 to 100; an account never seen has 100. Success adds 1, a rate limit takes 10, a
 * failure 20, and every hour of rest gives 2 back. Keyed by account key and quota key. `now` gives epoch ms.
 */
export class HealthScoreTracker {
  readonly #known = new Map<string, Health>();
  readonly #now: () => number;

  constructor({ now = Date.now }: { now?: () => number } = {}) {
    this.#now = now;
  }

  getScore(accountKey: string | number, quotaKey?: string): number {
    return this.#read(accountKey, quotaKey).score;
  }

  getConsecutiveFailures(accountKey: string | number, quotaKey?: string): number {
    return this.#read(accountKey, quotaKey).failures;
  }

  recordSuccess(accountKey: string | number, quotaKey?: string): void {
    this.#change(accountKey, quotaKey, 1, () => 0);
  }

  recordRateLimit(accountKey: string | number, quotaKey?: string): void {
    this.#change(accountKey, quotaKey, -10, (failures) => failures);
  }

  recordFailure(accountKey: string | number, quotaKey?: string): void {
    this.#change(accountKey, quotaKey, -20, (failures) => failures + 1);
  }

  reset(accountKey: string | number, quotaKey?: string): void {
    this.#known.delete(keyOf(accountKey, quotaKey));
  }

  clear(): void {
    this.#known.clear();
  }

  #read(accountKey: string | number, quotaKey: string | undefined): Health {
    const atMs = this.#now();
    const known = this.#known.get(keyOf(accountKey, quotaKey));
    if (!known) return { score: 100, failures: 0, atMs };
    const rested = Math.max(0, atMs - known.atMs) / hourMs;
    return { score: clamp(known.score + 2 * rested), failures: known.failures, atMs };
  }

  #change(
    accountKey: string | number,
    quotaKey: string | undefined,
    step: number,
    count: (failures: number) => number,
  ): void {
    const { score, failures, atMs } = this.#read(accountKey, quotaKey);
    this.#known.set(keyOf(accountKey, quotaKey), {
      score: clamp(score + step),
      failures: count(failures),
      atMs,
    });
  }
}

/** No two pairs of keys share a text. */
export function keyOf(accountKey: string | number, quotaKey: string | undefined): string {
  return JSON.stringify([String(accountKey), quotaKey ?? ""]);
}

function clamp(score: number): number {
  return Math.min(100, Math.max(0, score));
}
