import { field } from "../text/json.ts";
import { type CallForm, hasMethods, isName, isRecord, namedCall, optional } from "./call-forms.ts";

export interface HybridAccount extends ScoredAccount {
  readonly isAvailable: boolean;
}

export interface HybridOptions {
  readonly blockedAccountIndexes?: ReadonlySet<number> | undefined;
  /** Account index to points that are added to its score. */
  readonly scoreBoostByAccount?: Readonly<Record<number, number>> | undefined;
  /** Spreads several processes over equal accounts. */
  readonly pidOffsetEnabled?: boolean | undefined;
  readonly pid?: number | undefined;
  /** Epoch ms; the present when absent. */
  readonly nowMs?: number | undefined;
}

export interface SelectHybridAccountParams<A extends HybridAccount = HybridAccount> {
  readonly accounts: readonly A[];
  readonly healthTracker: HealthSource;
  readonly tokenTracker: TokenSource;
  readonly quotaKey?: string | undefined;
  readonly config?: HybridWeights | undefined;
  readonly options?: HybridOptions | undefined;
}

const helper = "selectHybridAccount";
const names = ["accounts", "healthTracker", "tokenTracker", "quotaKey", "config", "options"];
const checks = {
  accounts: (value: unknown) => Array.isArray(value) && value.every(isAccount),
  healthTracker: hasMethods("getScore"),
  tokenTracker: hasMethods("getTokens"),
  quotaKey: optional(isName),
  config: optional((value: unknown) => isRecord(value) && Object.values(value).every(isWeight)),
  options: optional(isOptions),
};
const requires = "accounts, healthTracker and tokenTracker";

/**
 * The available account with the best score, or null: health x 2 + tokens x 5 + hours since last use x 2 + boost. Ties
 * keep the first. For callers of codex-multi-auth; the product itself selects with `rankAccounts`. Throws TypeError on
 * a wrong call.
 */
export function selectHybridAccount<A extends HybridAccount>(
  accounts: readonly A[],
  healthTracker: HealthSource,
  tokenTracker: TokenSource,
  quotaKey?: string,
  config?: HybridWeights,
  options?: HybridOptions,
): A | null;
export function selectHybridAccount<A extends HybridAccount>(params: SelectHybridAccountParams<A>): A | null;
export function selectHybridAccount<A extends HybridAccount>(...args: readonly unknown[]): A | null {
  const form: CallForm<SelectHybridAccountParams<A>> = { helper, names, requires, checks };
  const { accounts, options = {}, ...sources } = namedCall(form, args);
  const blocked = options.blockedAccountIndexes;
  const open = accounts.filter(({ isAvailable, index }) => isAvailable && !blocked?.has(index));
  const nowMs = options.nowMs ?? Date.now();
  const score = (account: A) =>
    hybridScore(account, { ...sources, nowMs }) + extraScore(account.index, options, sources.config);
  return bestOf(open, score);
}

/** The first of those with the highest score. */
function bestOf<A>(accounts: readonly A[], score: (account: A) => number): A | null {
  let best: { account: A; score: number } | undefined;
  for (const account of accounts) {
    const points = score(account);
    if (!best || points > best.score) best = { account, score: points };
  }
  return best?.account ?? null;
}

function extraScore(index: number, options: HybridOptions, config: HybridWeights | undefined): number {
  const boost = options.scoreBoostByAccount?.[index];
  const offset = options.pidOffsetEnabled ? pidOffset(index, options.pid ?? process.pid) : 0;
  return (Number.isFinite(boost) ? Number(boost) : 0) + offset * freshnessWeight(config) * 0.1;
}

function pidOffset(index: number, pid: number): number {
  return (index * 0.131 + (pid % 100) * 0.01) % 1;
}

function isAccount(value: unknown): boolean {
  return (
    typeof field(value, "index") === "number" &&
    typeof field(value, "isAvailable") === "boolean" &&
    Number.isFinite(field(value, "lastUsed"))
  );
}

function isWeight(value: unknown): boolean {
  return value === undefined || Number.isFinite(value);
}

function isOptions(value: unknown): boolean {
  const blocked = field(value, "blockedAccountIndexes");
  return isRecord(value) && (blocked === undefined || blocked instanceof Set);
}

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

interface ScoreSources {
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

function freshnessWeight(config: HybridWeights = {}): number {
  return config.freshnessWeight ?? 2;
}
