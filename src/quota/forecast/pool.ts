import { type Candidate, planSize, shortWindowsPerWeek } from "../candidate.ts";
import { findWindows, hasStarted, minuteMs, weekMs, windowEndMs, windowLengthMs } from "../limit.ts";
import { type Future, sampleFutures } from "./futures.ts";
import {
  binCount,
  binMs,
  burnedBefore,
  BurnHistory,
  prepareTrack,
  type UsageHistory,
  type UsageTrack,
} from "./past.ts";
import { PouredPool } from "./poured-pool.ts";
import { quantile, type TimeRange } from "./window.ts";

export interface PoolForecastInput {
  readonly accounts: readonly Candidate[];
  readonly nowMs: number;
  /** The history of an account's window of this length, all with the same `nowMs` (see `binHistory`). */
  readonly historyOf: (accountId: string, windowMinutes: number) => UsageHistory;
  /** How far to look; a week by default. */
  readonly horizonMs?: number;
}

/** Quota that comes back by itself. */
export interface Refill {
  readonly accountId: string;
  readonly atMs: number;
  readonly windowMinutes: number;
  /** Percent of that window that is used now. */
  readonly percent: number;
}

/** A stretch in which no account can serve. */
export interface PoolGap {
  readonly fromMs: number;
  /** When the first account serves again, and which; null: none comes back by itself. */
  readonly untilMs: number | null;
  readonly accountId: string | null;
}

export interface PoolForecast {
  /** Probability, 0 to 1, that a moment comes within the horizon when no account can serve. */
  readonly dryProbability: number;
  /** When that is, or the horizon, ms from now. */
  readonly dryInMs: TimeRange;
  /** `rate`: too little history, so the last two hours go on. */
  readonly basis: "analogs" | "rate";
  /** Earliest first. */
  readonly refills: readonly Refill[];
  /** In the middle one of the likely futures, earliest first. */
  readonly gaps: readonly PoolGap[];
}

const stepBins = 4;
const mostFutures = 60;
const fewestFutures = 12;

/** When is the whole pool dry? Likely demands are poured into the accounts by the ranking, windows reset as they go. */
export function forecastPool(input: PoolForecastInput): PoolForecast {
  const { accounts, nowMs, horizonMs = weekMs } = input;
  const track = prepareTrack(poolDemand(input), nowMs);
  const horizonBins = horizonMs / binMs;
  const sampled = sampleFutures(track, horizonBins);
  const futures = sampled.length > 0 ? thin(sampled, accounts.length) : [repeatLastHours(track, horizonBins)];
  const pool = new PouredPool(accounts);
  const courses = futures
    .map((future) => ({ future, bins: binsUntilDry(track, future, { pool, nowMs }) }))
    .sort((a, b) => a.bins - b.bins || 0);
  const ends = courses.map(({ bins }) => Math.min(bins, horizonBins) * binMs);
  const hits = courses.filter(({ bins }) => bins < horizonBins).length;
  const middle = courses[(courses.length - 1) >> 1]?.future ?? [];
  return {
    dryProbability: (hits + 0.5) / (futures.length + 1),
    dryInMs: { p10: quantile(ends, 0.1), p50: quantile(ends, 0.5), p90: quantile(ends, 0.9) },
    basis: sampled.length > 0 ? "analogs" : "rate",
    refills: findRefills(accounts, nowMs),
    gaps: findGaps(track, middle, { pool, nowMs }),
  };
}

/** What all accounts burned together, in percent of a Plus week, aligned at now. */
function poolDemand({ accounts, nowMs, historyOf }: PoolForecastInput): UsageHistory {
  const parts = accounts.flatMap((account) => {
    const { short, long } = findWindows(account.limits);
    const limit = long ?? short;
    if (limit === null) return [];
    const perWeek = long === null ? 1 / shortWindowsPerWeek : 1;
    const history = historyOf(account.id, windowLengthMs(limit) / minuteMs);
    return [{ history, scale: planSize(account.plan) * perWeek }];
  });
  const longest = parts.reduce<UsageHistory>(
    (best, { history }) => (binCount(history) > binCount(best) ? history : best),
    { startMs: nowMs, firstWeekday: 0, percentPerBin: [0] },
  );
  const demand = new Float64Array(binCount(longest));
  for (const { history, scale } of parts) addAtEnd(demand, history, scale);
  return { startMs: longest.startMs, firstWeekday: longest.firstWeekday, percentPerBin: demand };
}

function addAtEnd(demand: Float64Array, part: UsageHistory, scale: number): void {
  const shift = demand.length - binCount(part);
  const add = (bin: number, percent: number) => {
    demand[shift + bin] = (demand[shift + bin] ?? 0) + percent * scale;
  };
  if (part instanceof BurnHistory) part.eachBin(add);
  else for (let bin = 0; bin < part.percentPerBin.length; bin++) add(bin, part.percentPerBin[bin] ?? 0);
}

/** A large pool costs more per future, so it gets fewer. */
function thin(futures: readonly Future[], accountCount: number): Future[] {
  const wanted = Math.max(fewestFutures, Math.min(mostFutures, Math.floor(600 / Math.max(1, accountCount))));
  const stride = Math.max(1, Math.floor(futures.length / wanted));
  return futures.filter((_, index) => index % stride === 0);
}

function repeatLastHours(track: UsageTrack, horizonBins: number): Future {
  const bins = 8;
  return Array.from({ length: Math.ceil(horizonBins / bins) }, () => ({ from: track.now - bins, bins }));
}

interface Pouring {
  pool: PouredPool;
  nowMs: number;
}

function binsUntilDry(track: UsageTrack, future: Future, { pool, nowMs }: Pouring): number {
  pool.begin();
  for (const { bins, demand } of demands(track, future))
    if (demand > 0 && !pool.pour(demand, nowMs + bins * binMs)) return bins;
  return Infinity;
}

/** What a future asks for, step by step, with the bins that have passed before. */
function* demands(track: UsageTrack, future: Future): Generator<{ bins: number; demand: number }> {
  let elapsed = 0;
  for (const { from, bins } of future) {
    for (let at = 0; at < bins; at += stepBins) {
      const length = Math.min(stepBins, bins - at);
      const demand = burnedBefore(track, from + at + length) - burnedBefore(track, from + at);
      yield { bins: elapsed + at, demand };
    }
    elapsed += bins;
  }
}

/** What is asked for in a gap is lost; gaps without a step of work between them are one. */
function findGaps(track: UsageTrack, future: Future, { pool, nowMs }: Pouring): PoolGap[] {
  pool.begin();
  const gaps: PoolGap[] = pool.canServe(nowMs) ? [] : [{ fromMs: nowMs, ...pool.firstReturn(nowMs) }];
  for (const { bins, demand } of demands(track, future)) {
    const atMs = nowMs + bins * binMs;
    let last = gaps.at(-1);
    const lastMs = last === undefined ? -Infinity : (last.untilMs ?? Infinity);
    if (demand <= 0 || atMs < lastMs || pool.pour(demand, atMs)) continue;
    if (last !== undefined && atMs - lastMs < stepBins * binMs) gaps.pop();
    else last = undefined;
    gaps.push({ fromMs: last?.fromMs ?? atMs, ...pool.firstReturn(atMs) });
  }
  return gaps;
}

function findRefills(accounts: readonly Candidate[], nowMs: number): Refill[] {
  const refills = accounts.flatMap(({ id, limits, unusable }) => {
    if (unusable !== undefined) return [];
    const { short, long } = findWindows(limits);
    return [short, long].flatMap((limit) => {
      if (!hasStarted(limit, nowMs) || limit.usedPercent <= 0) return [];
      const windowMinutes = windowLengthMs(limit) / minuteMs;
      return [{ accountId: id, atMs: windowEndMs(limit), windowMinutes, percent: limit.usedPercent }];
    });
  });
  return refills.sort((a, b) => a.atMs - b.atMs);
}
