import { canServe } from "./ranked-account.ts";
import type { RankedAccount } from "./ranked-account.ts";
import type { ScoreTerms } from "./score.ts";
import { usualNeed } from "./turn-need.ts";

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
export function decide(
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
