import { binsUntilBurned, sampleFutures } from "./futures.ts";
import type { Future } from "./futures.ts";
import { binMs, binsPerDay, burnedBefore, prepareTrack } from "./usage-track.ts";
import type { UsageHistory, UsageTrack } from "./usage-track.ts";

/** Quantiles of a time, ms from now. */
export interface TimeRange {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

export interface WindowForecast {
  /** Probability, 0 to 1, that the window is empty before it resets. */
  readonly hitProbability: number;
  /** When it is empty or resets, whichever is first, ms from now. */
  readonly emptyInMs: TimeRange;
  /** `analogs`: past moments like this one; `rate`: too little history, so the last two hours go on. */
  readonly basis: "analogs" | "rate";
  readonly historyDays: number;
  /** Under ten days of history: say so. */
  readonly isHistoryShort: boolean;
}

export interface WindowForecastInput {
  /** As reported, 0 to 100. */
  readonly usedPercent: number;
  readonly nowMs: number;
  readonly resetsAtMs: number;
  readonly history: UsageHistory;
}

const shortHistoryDays = 10;
/** Reports are rounded down, so half a percent more is used on average. */
const unreportedPercent = 0.5;

/** When will this window be empty? */
export function forecastWindow(input: WindowForecastInput): WindowForecast {
  const { usedPercent, nowMs, resetsAtMs, history } = input;
  const track = prepareTrack(history, nowMs);
  const horizonBins = Math.max(0, (resetsAtMs - nowMs) / binMs);
  const percent = Math.max(0, 100 - usedPercent - unreportedPercent);
  const futures = sampleFutures(track, horizonBins);
  const historyDays = track.now / binsPerDay;
  const about = { historyDays, isHistoryShort: historyDays < shortHistoryDays };
  if (futures.length === 0) return { ...fromRate(track, percent, horizonBins), ...about };
  return { ...fromFutures(track, futures, percent, horizonBins), ...about };
}

function fromFutures(track: UsageTrack, futures: readonly Future[], percent: number, horizonBins: number) {
  let hits = 0;
  const ends = new Float64Array(futures.length);
  for (const [index, future] of futures.entries()) {
    const bins = binsUntilBurned(track, future, percent);
    if (bins < horizonBins) hits++;
    ends[index] = Math.min(bins, horizonBins) * binMs;
  }
  ends.sort();
  return {
    hitProbability: (hits + 0.5) / (futures.length + 1),
    emptyInMs: { p10: quantile(ends, 0.1), p50: quantile(ends, 0.5), p90: quantile(ends, 0.9) },
    basis: "analogs" as const,
  };
}

/** The rate of the last two hours, at half and at twice its speed for the range. */
function fromRate(track: UsageTrack, percent: number, horizonBins: number) {
  const perBin = (burnedBefore(track, track.now) - burnedBefore(track, track.now - 8)) / 8;
  const endMs = (speed: number) => Math.min(horizonBins, percent / (perBin * speed || 1e-9)) * binMs;
  const expected = (perBin * horizonBins) / Math.max(percent, 1e-9);
  return {
    hitProbability: expected / (1 + expected),
    emptyInMs: { p10: endMs(2), p50: endMs(1), p90: endMs(0.5) },
    basis: "rate" as const,
  };
}

/** Sorted values; between two of them, a share of both. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const position = share * (sorted.length - 1);
  const low = sorted[Math.floor(position)] ?? 0;
  const high = sorted[Math.ceil(position)] ?? low;
  return low + (high - low) * (position - Math.floor(position));
}
