import type { Candidate } from "./ranked-account.ts";
import { quantile } from "./forecast-window.ts";
import type { TimeRange } from "./forecast-window.ts";
import { sampleFutures } from "./futures.ts";
import type { Future } from "./futures.ts";
import { findWindows, hasStarted, minuteMs, weekMs, windowEndMs, windowLengthMs } from "./limit.ts";
import { planSize } from "./plan.ts";
import { PouredPool } from "./poured-pool.ts";
import { shortWindowsPerWeek } from "./score.ts";
import { binMs, burnedBefore, prepareTrack } from "./usage-track.ts";
import type { UsageHistory, UsageTrack } from "./usage-track.ts";

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

export interface PoolForecast {
  /** Probability, 0 to 1, that a moment comes within the horizon when no account can serve. */
  readonly dryProbability: number;
  /** When that is, or the horizon, ms from now. */
  readonly dryInMs: TimeRange;
  /** `rate`: too little history, so the last two hours go on. */
  readonly basis: "analogs" | "rate";
  /** Earliest first. */
  readonly refills: readonly Refill[];
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
  const dryBins = futures.map((future) => binsUntilDry(track, future, input));
  const ends = dryBins.map((bins) => Math.min(bins, horizonBins) * binMs).sort((a, b) => a - b);
  const hits = dryBins.filter((bins) => bins < horizonBins).length;
  return {
    dryProbability: (hits + 0.5) / (futures.length + 1),
    dryInMs: { p10: quantile(ends, 0.1), p50: quantile(ends, 0.5), p90: quantile(ends, 0.9) },
    basis: sampled.length > 0 ? "analogs" : "rate",
    refills: findRefills(accounts, nowMs),
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
    (best, { history }) => (history.percentPerBin.length > best.percentPerBin.length ? history : best),
    { startMs: nowMs, firstWeekday: 0, percentPerBin: [0] },
  );
  const demand = new Float64Array(longest.percentPerBin.length);
  for (const { history, scale } of parts) addAtEnd(demand, history.percentPerBin, scale);
  return { ...longest, percentPerBin: demand };
}

function addAtEnd(demand: Float64Array, part: ArrayLike<number>, scale: number): void {
  const shift = demand.length - part.length;
  for (let i = 0; i < part.length; i++) demand[shift + i] = (demand[shift + i] ?? 0) + (part[i] ?? 0) * scale;
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

function binsUntilDry(track: UsageTrack, future: Future, { accounts, nowMs }: PoolForecastInput): number {
  const pool = new PouredPool(accounts);
  let elapsed = 0;
  for (const { from, bins } of future) {
    for (let at = 0; at < bins; at += stepBins) {
      const length = Math.min(stepBins, bins - at);
      const demand = burnedBefore(track, from + at + length) - burnedBefore(track, from + at);
      if (demand > 0 && !pool.pour(demand, nowMs + (elapsed + at) * binMs)) return elapsed + at;
    }
    elapsed += bins;
  }
  return Infinity;
}

function findRefills(accounts: readonly Candidate[], nowMs: number): Refill[] {
  const refills = accounts.flatMap(({ id, limits }) => {
    const { short, long } = findWindows(limits);
    return [short, long].flatMap((limit) => {
      if (!hasStarted(limit, nowMs) || limit.usedPercent <= 0) return [];
      const windowMinutes = windowLengthMs(limit) / minuteMs;
      return [{ accountId: id, atMs: windowEndMs(limit), windowMinutes, percent: limit.usedPercent }];
    });
  });
  return refills.sort((a, b) => a.atMs - b.atMs);
}
