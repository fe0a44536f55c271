import { quantile } from "./forecast-window.ts";
import type { WindowForecastInput } from "./forecast-window.ts";
import { sampleFutures } from "./futures.ts";
import type { Future } from "./futures.ts";
import { binMs, burnedBefore, prepareTrack } from "./usage-track.ts";
import type { UsageTrack } from "./usage-track.ts";

/** Percent left at a time, in the likely futures: of ten, one has less than `p10` and one more than `p90`. */
export interface CoursePoint {
  readonly atMs: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

/** How a window empties until its reset, from the same futures as `forecastWindow`; the first point is now. */
export function forecastCourse(input: WindowForecastInput, steps: number): CoursePoint[] {
  const { usedPercent, nowMs, resetsAtMs, history } = input;
  const track = prepareTrack(history, nowMs);
  const horizonBins = Math.max(0, (resetsAtMs - nowMs) / binMs);
  const futures = sampleFutures(track, horizonBins);
  const burned = futures.length > 0 ? burnedInFutures(track, futures) : burnedAtRate(track);
  return Array.from({ length: steps + 1 }, (_, step) => {
    const bins = (horizonBins * step) / steps;
    const left = burned(bins).map((percent) => Math.max(0, 100 - usedPercent - percent));
    left.sort((a, b) => a - b);
    const atMs = nowMs + bins * binMs;
    return { atMs, p10: quantile(left, 0.1), p50: quantile(left, 0.5), p90: quantile(left, 0.9) };
  });
}

function burnedInFutures(track: UsageTrack, futures: readonly Future[]): (bins: number) => number[] {
  return (bins) => futures.map((future) => burnedUntil(track, future, bins));
}

function burnedUntil(track: UsageTrack, future: Future, bins: number): number {
  let burned = 0;
  let left = bins;
  for (const { from, bins: length } of future) {
    if (left <= 0) break;
    burned += burnedBefore(track, from + Math.min(left, length)) - burnedBefore(track, from);
    left -= length;
  }
  return burned;
}

/** The last two hours at half, full and twice their speed, as far apart as the quantiles that are asked for. */
function burnedAtRate(track: UsageTrack): (bins: number) => number[] {
  const perBin = (burnedBefore(track, track.now) - burnedBefore(track, track.now - 8)) / 8;
  const speeds = [2, 2, 1.5, 1, 0.75, 0.5, 0.5];
  return (bins) => speeds.map((speed) => speed * perBin * bins);
}
