import { activeBlock } from "./block.ts";
import type { Block } from "./block.ts";
import { mainLimitId, minuteMs } from "./limit.ts";
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

/** The request that needs an account. */
export interface RankRequest {
  /** The account that served this conversation last, or null. */
  readonly homeId: string | null;
  /** Time since that account answered. */
  readonly idleMs: number;
  /** A new turn may wait; a request inside a turn may not. */
  readonly isTurnStart: boolean;
  /** Accounts that failed this very request. */
  readonly triedIds: ReadonlySet<string>;
}

export interface RankState {
  readonly accounts: readonly Candidate[];
  /** Conversations seen within two minutes. */
  readonly runningTurns?: number;
  /** Absent for advice: a new conversation that nothing competes with. */
  readonly request?: RankRequest;
}

export interface RankOptions {
  readonly limitId?: string;
  /** A conversation stays with its account while its cache may live: this long after the last answer. */
  readonly homeIdleMs?: number;
  /** How long to wait for a home that is only cooling down. */
  readonly homeHoldMs?: number;
  /** Short windows of a Plus account that are kept for each running turn. */
  readonly reservePerTurn?: number;
}

/** From best to worst; the score decides inside a tier only. */
const tiers = ["normal", "tail", "full", "kept", "tried", "blocked", "unusable"] as const;
export type Tier = (typeof tiers)[number];

export interface RankedAccount {
  readonly id: string;
  readonly plan: string | null;
  readonly tier: Tier;
  readonly terms: ScoreTerms;
  readonly block: Block | null;
  readonly unusable: string | null;
}

/**
 * `use` an account; `hold` the request for a moment because its own account is about to return; `wait` because
 * nothing can serve (`exhausted`), what is left is kept for running turns (`reserved`), or there is no account.
 */
export type Decision =
  | { readonly kind: "use"; readonly accountId: string; readonly reason: "cache" | "best" }
  | {
      readonly kind: "hold";
      readonly accountId: string;
      readonly untilMs: number;
      readonly reason: "cache-hold";
    }
  | {
      readonly kind: "wait";
      readonly untilMs: number | null;
      readonly reason: "exhausted" | "reserved" | "no-account";
    };

export interface Ranking {
  readonly decision: Decision;
  /** Every account, best first. */
  readonly ranked: readonly RankedAccount[];
}

const defaults = {
  limitId: mainLimitId,
  homeIdleMs: 60 * minuteMs,
  homeHoldMs: 20_000,
  reservePerTurn: 0.2,
} satisfies Required<RankOptions>;

const tailPercent = 99;
const tierOrder: Readonly<Record<Tier, number>> = {
  normal: 0,
  tail: 1,
  full: 2,
  kept: 3,
  tried: 4,
  blocked: 5,
  unusable: 6,
};

/**
 * Which account serves next, and how every account compares. The one engine behind advice and routing: pure, so
 * that the same state gives the same answer to `forecast`, `why`, `switch --auto`, `guard` and the proxy.
 */
export function rankAccounts(state: RankState, nowMs: number, options: RankOptions = {}): Ranking {
  const settings = { ...defaults, ...options };
  const ranked: RankedAccount[] = [];
  for (const account of state.accounts) {
    ranked.push(rankOne(account, state.request?.triedIds, nowMs, settings.limitId));
  }
  ranked.sort(compareRanked);
  return { ranked, decision: decide(ranked, state, nowMs, settings) };
}

function rankOne(
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
  if ((account.keepPercent ?? 0) > 0 && Math.min(terms.shortFree, terms.weekFree) <= 0) return "kept";
  if (terms.usedPercent >= 100) return "full";
  return terms.usedPercent >= tailPercent ? "tail" : "normal";
}

function compareRanked(a: RankedAccount, b: RankedAccount): number {
  if (a.tier !== b.tier) return tierOrder[a.tier] - tierOrder[b.tier];
  if (a.terms.score !== b.terms.score) return b.terms.score - a.terms.score;
  return a.id < b.id ? -1 : 1;
}

function decide(
  ranked: readonly RankedAccount[],
  state: RankState,
  nowMs: number,
  settings: Required<RankOptions>,
): Decision {
  const { request } = state;
  const stay = request && stayHome(ranked, request, nowMs, settings);
  if (stay) return stay;
  const best = ranked[0];
  if (best === undefined || best.tier === "unusable") {
    return { kind: "wait", untilMs: null, reason: "no-account" };
  }
  if (!canServe(best)) return { kind: "wait", untilMs: earliestReturnMs(ranked), reason: "exhausted" };
  if (request?.isTurnStart === true && isReserved(ranked, state.runningTurns ?? 0, settings)) {
    return { kind: "wait", untilMs: earliestResetMs(ranked), reason: "reserved" };
  }
  return { kind: "use", accountId: best.id, reason: "best" };
}

/** Moving a conversation costs its prompt cache, so it stays while its account can serve or is about to. */
function stayHome(
  ranked: readonly RankedAccount[],
  request: RankRequest,
  nowMs: number,
  settings: Required<RankOptions>,
): Decision | null {
  if (request.homeId === null || request.idleMs > settings.homeIdleMs) return null;
  const home = ranked.find((each) => each.id === request.homeId);
  if (home === undefined) return null;
  if (home.tier === "normal" || home.tier === "tail") {
    return { kind: "use", accountId: home.id, reason: "cache" };
  }
  const { block } = home;
  if (home.tier !== "blocked" || block === null || block.kind !== "transient") return null;
  if (block.untilMs - nowMs > settings.homeHoldMs) return null;
  return { kind: "hold", accountId: home.id, untilMs: block.untilMs, reason: "cache-hold" };
}

function canServe(account: RankedAccount): boolean {
  return tierOrder[account.tier] <= tierOrder.full;
}

/** What is left is too little for the turns that already run, so a new one would only interrupt them. */
function isReserved(ranked: readonly RankedAccount[], runningTurns: number, settings: Required<RankOptions>) {
  let room = 0;
  for (const account of ranked) {
    if (canServe(account)) room += account.terms.size * account.terms.room;
  }
  return room < settings.reservePerTurn * runningTurns;
}

/** When the first account comes back: the end of its block, or the reset of the window that is kept. */
function earliestReturnMs(ranked: readonly RankedAccount[]): number | null {
  let earliest = Infinity;
  for (const { tier, block, terms } of ranked) {
    if (tier === "blocked" && block !== null) earliest = Math.min(earliest, block.untilMs);
    if (tier === "kept") earliest = Math.min(earliest, nextResetMs(terms));
  }
  return earliest === Infinity ? null : earliest;
}

function earliestResetMs(ranked: readonly RankedAccount[]): number | null {
  let earliest = Infinity;
  for (const { tier, block, terms } of ranked) {
    if (tier === "unusable") continue;
    earliest = Math.min(earliest, block?.untilMs ?? Infinity, nextResetMs(terms));
  }
  return earliest === Infinity ? null : earliest;
}

function nextResetMs(terms: ScoreTerms): number {
  return Math.min(terms.shortResetsAtMs ?? Infinity, terms.weekResetsAtMs ?? Infinity);
}
