import { activeBlock, type Block } from "./block.ts";
import {
  findWindows,
  hasStarted,
  type Limit,
  minuteMs,
  usedPercentAt,
  weekMs,
  windowEndMs,
  windowLengthMs,
} from "./limit.ts";

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
  return useTiers[fullness(terms.usedPercent)];
}

const useTiers = ["normal", "tail", "full"] as const;

/** How far an account is used up, as its place among the tiers. */
export function fullness(usedPercent: number): 0 | 1 | 2 {
  if (usedPercent >= 100) return 2;
  return usedPercent >= tailPercent ? 1 : 0;
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

/** A week holds about this many short windows, so the short room is capped by the week's. */
export const shortWindowsPerWeek = 6;

const smallestShare = 0.01;
const smallestLeft = 0.02;

/** Every term of an account's score. Shares are 0 to 1, of a whole window. */
export interface ScoreTerms {
  /** Free share of the short window; 1 when the plan has none or it has not started. */
  readonly shortFree: number;
  /** Free share of the long (weekly) window. */
  readonly weekFree: number;
  /** Share of the week's time that is still to come, .02 to 1; 1 when it has not started. */
  readonly weekLeft: number;
  /** weekFree / weekLeft: above 1, quota would expire unused. */
  readonly pace: number;
  /** What can be used before the short window ends, as a share of a short window. */
  readonly room: number;
  /** Quota in units of a Plus account. */
  readonly size: number;
  /** Other conversations that ran on the account within ten minutes. */
  readonly busy: number;
  /** pace x room / (1 + busy / size). */
  readonly score: number;
  /** The larger of both reported percentages, 0 to 100. */
  readonly usedPercent: number;
  /** Length of the short window; null when the plan has none or it was never seen. */
  readonly shortWindowMinutes: number | null;
  /** When the short and the long window end, epoch ms; null when not started. */
  readonly shortResetsAtMs: number | null;
  readonly weekResetsAtMs: number | null;
}

export interface ScoreInput {
  readonly plan: string | null;
  readonly limits: readonly Limit[];
  readonly otherConversations?: number;
}

/** The terms of one account at `nowMs` for requests under `limitId`. */
function scoreAccount(input: ScoreInput, nowMs: number, limitId: string): ScoreTerms {
  const { short, long } = findWindows(input.limits, limitId);
  const shortUsed = usedPercentAt(short, nowMs);
  const weekUsed = usedPercentAt(long, nowMs);
  const shortFree = 1 - shortUsed / 100;
  const weekFree = 1 - weekUsed / 100;
  const weekLeft = hasStarted(long, nowMs)
    ? weekLeftShare(windowEndMs(long) - nowMs, windowLengthMs(long))
    : 1;
  const pace = paceOf(weekFree, weekLeft);
  const room = roomOf(shortFree, weekFree);
  const size = planSize(input.plan);
  const busy = input.otherConversations ?? 0;
  return {
    shortFree,
    weekFree,
    weekLeft,
    pace,
    room,
    size,
    busy,
    score: (pace * room) / (1 + busy / size),
    usedPercent: Math.max(shortUsed, weekUsed),
    shortWindowMinutes: short === null ? null : windowLengthMs(short) / minuteMs,
    shortResetsAtMs: hasStarted(short, nowMs) ? windowEndMs(short) : null,
    weekResetsAtMs: hasStarted(long, nowMs) ? windowEndMs(long) : null,
  };
}

export function paceOf(weekFree: number, weekLeft: number): number {
  return Math.max(weekFree, smallestShare) / weekLeft;
}

export function roomOf(shortFree: number, weekFree: number): number {
  return Math.max(smallestShare, Math.min(shortFree, shortWindowsPerWeek * weekFree));
}

/** Of a long window that has started. */
export function weekLeftShare(leftMs: number, lengthMs: number): number {
  return Math.min(1, Math.max(smallestLeft, leftMs / (lengthMs || weekMs)));
}

// Weekly quota in units of a Plus account, from public tables and observation.
const planSizes: ReadonlyMap<string, number> = new Map([
  ["plus", 1],
  ["team", 1],
  ["business", 1],
  ["edu", 1],
  ["prolite", 5],
  ["pro", 20 / 3],
  ["enterprise", 20 / 3],
  ["go", 0.3],
  ["free", 0.15],
]);

/** The size of a plan's quota, Plus = 1. A plan that is unknown or not reported counts as Plus. */
export function planSize(plan: string | null): number {
  return plan === null ? 1 : (planSizes.get(plan) ?? 1);
}

/** Whether we know how large the plan is. */
export function isKnownPlan(plan: string): boolean {
  return planSizes.has(plan);
}
