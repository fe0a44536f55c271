import { field } from "../errors/json-value.ts";
import { hasMethods, isName, isRecord, optional } from "./argument-checks.ts";
import { freshnessWeight, hybridScore } from "./hybrid-score.ts";
import type { HealthSource, HybridWeights, ScoredAccount, TokenSource } from "./hybrid-score.ts";
import { namedCall } from "./named-call.ts";
import type { CallForm } from "./named-call.ts";

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
