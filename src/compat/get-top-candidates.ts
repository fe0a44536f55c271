import { field } from "../text/json.ts";
import {
  type CallForm,
  hasMethods,
  isName,
  isPositiveInteger,
  isRecord,
  isText,
  namedCall,
  optional,
  wrongCall,
} from "./call-forms.ts";
import {
  type HealthSource,
  hybridScore,
  type HybridWeights,
  type ScoredAccount,
  type TokenSource,
} from "./select-hybrid-account.ts";
import { HealthScoreTracker, TokenBucketTracker } from "./trackers.ts";

export interface CandidateAccount extends ScoredAccount {
  /** Absent means enabled. */
  readonly enabled?: boolean | undefined;
  /** Model family, or `family:model`, to epoch ms. */
  readonly rateLimitResetTimes?: Readonly<Record<string, number | undefined>> | undefined;
  /** Epoch ms. */
  readonly coolingDownUntil?: number | undefined;
  /** True when the login is dead. */
  readonly invalidated?: boolean | undefined;
  /** The same, as the moment it was found, in epoch ms. */
  readonly invalidatedAt?: number | undefined;
}

export interface CandidateSource<A extends CandidateAccount = CandidateAccount> {
  getAccountsSnapshot(): readonly A[];
}

export interface TopCandidatesOptions {
  readonly healthTracker?: HealthSource | undefined;
  readonly tokenTracker?: TokenSource | undefined;
  readonly config?: HybridWeights | undefined;
  /** Epoch ms; the present when absent. */
  readonly nowMs?: number | undefined;
}

export interface GetTopCandidatesParams<A extends CandidateAccount = CandidateAccount> {
  readonly accountManager: CandidateSource<A>;
  readonly modelFamily: string;
  /** Null or absent: the family's limit alone counts. */
  readonly model?: string | null | undefined;
  readonly maxCandidates: number;
  readonly options?: TopCandidatesOptions | undefined;
}

const helper = "getTopCandidates";
const names = ["accountManager", "modelFamily", "model", "maxCandidates", "options"];
const checks = {
  accountManager: hasMethods("getAccountsSnapshot"),
  modelFamily: isName,
  model: optional((value) => value === null || isText(value)),
  maxCandidates: isPositiveInteger,
  options: optional(isRecord),
};
const requires = "accountManager, modelFamily, model and a positive integer maxCandidates";

/**
 * The best accounts for a model, best first: those that are enabled, not limited for the family or `family:model`,
 * not cooling down and not invalidated, scored as `selectHybridAccount` does. Ties keep their order. Throws TypeError
 * on a wrong call, or when the snapshot holds something that is no account.
 */
export function getTopCandidates<A extends CandidateAccount>(
  accountManager: CandidateSource<A>,
  modelFamily: string,
  model: string | null | undefined,
  maxCandidates: number,
  options?: TopCandidatesOptions,
): A[];
export function getTopCandidates<A extends CandidateAccount>(params: GetTopCandidatesParams<A>): A[];
export function getTopCandidates<A extends CandidateAccount>(...args: readonly unknown[]): A[] {
  const form: CallForm<GetTopCandidatesParams<A>> = { helper, names, requires, checks };
  const { accountManager, modelFamily, model, maxCandidates, options = {} } = namedCall(form, args);
  const nowMs = options.nowMs ?? Date.now();
  const now = () => nowMs;
  const sources = {
    healthTracker: options.healthTracker ?? new HealthScoreTracker({ now }),
    tokenTracker: options.tokenTracker ?? new TokenBucketTracker({ now }),
    quotaKey: model ? `${modelFamily}:${model}` : modelFamily,
    config: options.config,
    nowMs,
  };
  return snapshotOf(accountManager)
    .filter((account) => isOpen(account, [modelFamily, sources.quotaKey], nowMs))
    .map((account) => ({ account, score: hybridScore(account, sources) }))
    .sort((one, other) => other.score - one.score)
    .slice(0, maxCandidates)
    .map(({ account }) => account);
}

function snapshotOf<A extends CandidateAccount>(manager: CandidateSource<A>): readonly A[] {
  const accounts = manager.getAccountsSnapshot();
  if (!Array.isArray(accounts) || !accounts.every(isAccount)) {
    throw wrongCall({ helper, requires: "an accountManager whose snapshot is a list of accounts" });
  }
  return accounts;
}

function isOpen(account: CandidateAccount, keys: readonly string[], nowMs: number): boolean {
  if (account.enabled === false || account.invalidated === true) return false;
  if (typeof account.invalidatedAt === "number") return false;
  if ((account.coolingDownUntil ?? 0) > nowMs) return false;
  return !keys.some((key) => Number(field(account.rateLimitResetTimes, key) ?? 0) > nowMs);
}

function isAccount(value: unknown): boolean {
  return typeof field(value, "index") === "number" && Number.isFinite(field(value, "lastUsed"));
}
