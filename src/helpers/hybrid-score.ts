/** Reads the health of an account, 0 to 100. `HealthScoreTracker` is one. */
export interface HealthSource {
  getScore(accountKey: string | number, quotaKey?: string): number;
}

/** Reads the tokens left to an account, 0 to 50. `TokenBucketTracker` is one. */
export interface TokenSource {
  getTokens(accountKey: string | number, quotaKey?: string): number;
}

export interface HybridWeights {
  readonly healthWeight?: number | undefined;
  readonly tokenWeight?: number | undefined;
  readonly freshnessWeight?: number | undefined;
}

export interface ScoredAccount {
  /** The account's slot, from 0. */
  readonly index: number;
  /** A key that stays when slots move; the trackers' key instead of `index`. */
  readonly trackerKey?: string | number | undefined;
  /** Epoch ms; 0 when never used. */
  readonly lastUsed: number;
}

export interface ScoreSources {
  readonly healthTracker: HealthSource;
  readonly tokenTracker: TokenSource;
  readonly quotaKey?: string | undefined;
  readonly config?: HybridWeights | undefined;
  readonly nowMs: number;
}

/** `health x 2 + tokens x 5 + hours since last use x 2`, with the weights of `config`. */
export function hybridScore(account: ScoredAccount, sources: ScoreSources): number {
  const { healthTracker, tokenTracker, quotaKey, config = {}, nowMs } = sources;
  const key = account.trackerKey ?? account.index;
  const restedHours = Math.max(0, nowMs - account.lastUsed) / 3_600_000;
  return (
    healthTracker.getScore(key, quotaKey) * (config.healthWeight ?? 2) +
    tokenTracker.getTokens(key, quotaKey) * (config.tokenWeight ?? 5) +
    restedHours * freshnessWeight(config)
  );
}

export function freshnessWeight(config: HybridWeights = {}): number {
  return config.freshnessWeight ?? 2;
}
