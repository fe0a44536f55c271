import {
  type Candidate,
  canServe,
  compareRanked,
  planSize,
  rankAccount,
  type RankedAccount,
  type ScoreTerms,
} from "./candidate.ts";
import { findWindows, isSameWindow, type Limit, mainLimitId, minuteMs } from "./limit.ts";

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

/** Who asks. */
export interface Demand {
  /** Turns of others that a new one could interrupt: in flight, or waiting for their tool. */
  readonly runningTurns?: number;
  /** Short windows of a Plus account that a turn of this pool costs, as `turnNeed` learns it. */
  readonly need?: number;
  /** Absent for advice: a new conversation that nothing competes with. */
  readonly request?: RankRequest;
}

export interface RankOptions {
  readonly limitId?: string;
  /** A conversation stays with its account while its cache may live: this long after the last answer. */
  readonly homeIdleMs?: number;
  /** How long to wait for a home that is only cooling down. */
  readonly homeHoldMs?: number;
  /** How many times its need is kept for each running turn. */
  readonly reserveFactor?: number;
  /** The largest share of the pool that is kept. */
  readonly reserveShare?: number;
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

/** What to do, given every account, best first. */
function decide(
  ranked: readonly RankedAccount[],
  demand: Demand,
  nowMs: number,
  settings: Required<RankOptions>,
): Decision {
  const { request } = demand;
  const stay = request && stayHome(ranked, request, nowMs, settings);
  if (stay) return stay;
  const best = ranked[0];
  if (best === undefined || best.tier === "unusable") {
    return { kind: "wait", untilMs: null, reason: "no-account" };
  }
  if (!canServe(best)) return { kind: "wait", untilMs: earliestReturnMs(ranked), reason: "exhausted" };
  if (request?.isTurnStart === true && isReserved(ranked, demand, settings)) {
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

/**
 * What is left is too little for the turns that already run, so a new one would only interrupt them. In a pool that is
 * not nearly used up nothing is kept, however many run.
 */
function isReserved(
  ranked: readonly RankedAccount[],
  { runningTurns = 0, need = usualNeed }: Demand,
  { reserveFactor, reserveShare }: Required<RankOptions>,
): boolean {
  let left = 0;
  let capacity = 0;
  for (const account of ranked) {
    const { size, room } = account.terms;
    if (canServe(account)) left += size * room;
    if (account.tier !== "unusable") capacity += size;
  }
  return left < Math.min(reserveFactor * need * runningTurns, reserveShare * capacity);
}

/** When the first account comes back. */
function earliestReturnMs(ranked: readonly RankedAccount[]): number | null {
  let earliest = Infinity;
  for (const { tier, block } of ranked) {
    if (tier === "blocked" && block !== null) earliest = Math.min(earliest, block.untilMs);
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

export interface RankState extends Demand {
  readonly accounts: readonly Candidate[];
}

export interface Ranking {
  readonly decision: Decision;
  /** Every account, best first. */
  readonly ranked: readonly RankedAccount[];
}

const defaults = {
  limitId: mainLimitId,
  homeIdleMs: 60 * minuteMs,
  homeHoldMs: 20_000,
  reserveFactor: 8,
  reserveShare: 0.25,
} satisfies Required<RankOptions>;

/**
 * Which account serves next, and how every account compares. The one engine behind advice and routing: pure, so
 * that the same state gives the same answer to `forecast`, `why`, `switch --auto`, `guard` and the proxy.
 */
export function rankAccounts(state: RankState, nowMs: number, options: RankOptions = {}): Ranking {
  const settings = { ...defaults, ...options };
  const ranked: RankedAccount[] = [];
  for (const account of state.accounts) {
    ranked.push(rankAccount(account, state.request?.triedIds, nowMs, settings.limitId));
  }
  ranked.sort(compareRanked);
  return { ranked, decision: decide(ranked, state, nowMs, settings) };
}

/** What `rankAccounts` would decide for a request that stays with its own account; null when it may go elsewhere. */
export function homeDecision(
  home: Candidate,
  request: RankRequest,
  nowMs: number,
  options: RankOptions = {},
): Decision | null {
  const settings = { ...defaults, ...options };
  const ranked = rankAccount(home, request.triedIds, nowMs, settings.limitId);
  const stay = stayHome([ranked], request, nowMs, settings);
  return stay?.kind === "use" ? stay : null;
}

/** What the turns of a pool have cost so far; older ones weigh less. */
interface TurnCosts {
  /** Short windows of a Plus account. */
  readonly burned: number;
  readonly ended: number;
}

export const noTurnCosts: TurnCosts = { burned: 0, ended: 0 };

/** Of a turn about which nothing is known. */
const usualNeed = 0.01;

const usualWeighs = 10;
const smallestNeed = 0.005;
const largestNeed = 0.3;
const kept = 0.998;

/** What a turn needs, in short windows of a Plus account. */
export function turnNeed({ burned, ended }: TurnCosts): number {
  const mean = (usualNeed * usualWeighs + burned) / (usualWeighs + ended);
  return Math.min(largestNeed, Math.max(smallestNeed, mean));
}

export function withEndedTurn({ burned, ended }: TurnCosts): TurnCosts {
  return { burned: burned * kept, ended: ended * kept + 1 };
}

/** Adds what an account has used between two reports of one window. */
export function withReport(
  costs: TurnCosts,
  plan: string | null,
  before: readonly Limit[],
  after: readonly Limit[],
): TurnCosts {
  const [was, is] = [findWindows(before).short, findWindows(after).short];
  if (was === null || is === null || !isSameWindow(was, is)) return costs;
  const percent = is.usedPercent - was.usedPercent;
  return percent > 0 ? { ...costs, burned: costs.burned + (percent / 100) * planSize(plan) } : costs;
}
