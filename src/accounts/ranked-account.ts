import { activeBlock } from "./block.ts";
import type { Block } from "./block.ts";
import { scoreAccount } from "./score.ts";
import type { ScoreInput, ScoreTerms } from "./score.ts";

/** An account as the ranking sees it. */
export interface Candidate extends ScoreInput {
  /** Stable; equal scores are decided by it. */
  readonly id: string;
  /** Why the account takes no part (paused, login expired, no quota), or absent when it does. */
  readonly unusable?: string;
  readonly block: Block | null;
}

/**
 * From best to worst; the score decides inside a tier only. `tail`: 99 % used or more; `full`: 100 % reported, which is
 * advice; `tried`: it failed this request; `blocked`: upstream refused it.
 */
export type Tier = "normal" | "tail" | "full" | "tried" | "blocked" | "unusable";

export interface RankedAccount {
  readonly id: string;
  readonly plan: string | null;
  readonly tier: Tier;
  readonly terms: ScoreTerms;
  /** The block that holds now. */
  readonly block: Block | null;
  readonly unusable: string | null;
}

const tierOrder: Readonly<Record<Tier, number>> = {
  normal: 0,
  tail: 1,
  full: 2,
  tried: 3,
  blocked: 4,
  unusable: 5,
};
const tailPercent = 99;

export function rankAccount(
  account: Candidate,
  triedIds: ReadonlySet<string> | undefined,
  nowMs: number,
  limitId: string,
): RankedAccount {
  const terms = scoreAccount(account, nowMs, limitId);
  const block = activeBlock(account.block, nowMs, limitId);
  const unusable = account.unusable ?? null;
  const tier = findTier(account, terms, block, triedIds);
  return { id: account.id, plan: account.plan, tier, terms, block, unusable };
}

function findTier(
  account: Candidate,
  terms: ScoreTerms,
  block: Block | null,
  triedIds: ReadonlySet<string> | undefined,
): Tier {
  if (account.unusable !== undefined) return "unusable";
  if (block !== null) return "blocked";
  if (triedIds?.has(account.id) === true) return "tried";
  if (terms.usedPercent >= 100) return "full";
  return terms.usedPercent >= tailPercent ? "tail" : "normal";
}

/** Best first, the same whatever order the accounts came in. */
export function compareRanked(a: RankedAccount, b: RankedAccount): number {
  if (a.tier !== b.tier) return tierOrder[a.tier] - tierOrder[b.tier];
  if (a.terms.score !== b.terms.score) return b.terms.score - a.terms.score;
  return a.id < b.id ? -1 : 1;
}

/** Whether the account may be asked, if nothing better is there. */
export function canServe(account: RankedAccount): boolean {
  return tierOrder[account.tier] <= tierOrder.full;
}
