import { decide } from "./decision.ts";
import type { Decision, Demand, RankOptions } from "./decision.ts";
import { mainLimitId, minuteMs } from "./limit.ts";
import { compareRanked, rankAccount } from "./ranked-account.ts";
import type { Candidate, RankedAccount } from "./ranked-account.ts";

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
