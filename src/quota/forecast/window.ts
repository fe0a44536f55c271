import { activeBlock, type Block } from "../block.ts";
import {
  findWindows,
  hasStarted,
  type Limit,
  mainLimitId,
  minuteMs,
  usedPercentAt,
  windowEndMs,
  windowLengthMs,
} from "../limit.ts";
import { countFutures, endsOfFutures, type Future, mostBurned, sampleFutures } from "./futures.ts";
import {
  binMs,
  binsPerDay,
  burnedBefore,
  BurnHistory,
  prepareTrack,
  trackPlace,
  type UsageHistory,
  type UsageTrack,
} from "./past.ts";

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
  const { now } = trackPlace(history, nowMs);
  const horizonBins = Math.max(0, (resetsAtMs - nowMs) / binMs);
  const percent = Math.max(0, 100 - usedPercent - unreportedPercent);
  const historyDays = now / binsPerDay;
  const about = { historyDays, isHistoryShort: historyDays < shortHistoryDays };
  const count = countFutures(now, horizonBins);
  // Most windows hold more than any such time ever took, and which of those times would come need not be asked.
  if (count > 0 && history instanceof BurnHistory && lasts(history, { now, horizonBins, percent }))
    return { ...summary(new Float64Array(count).fill(horizonBins * binMs), 0), ...about };
  const track = prepareTrack(history, nowMs);
  const ends = endsOfFutures(track, horizonBins, percent);
  if (ends.length === 0) return { ...fromRate(track, percent, horizonBins), ...about };
  return { ...fromEnds(ends, horizonBins), ...about };
}

interface Stretch {
  now: number;
  horizonBins: number;
  percent: number;
}

/** Whether no future can empty it; sums of thousands of figures are not exact to the last digit. */
function lasts(history: BurnHistory, { now, horizonBins, percent }: Stretch): boolean {
  return mostBurned(history, now, horizonBins) + 1e-6 < percent;
}

function fromEnds(ends: Float64Array, horizonBins: number) {
  let hits = 0;
  for (const [index, bins] of ends.entries()) {
    if (bins < horizonBins) hits++;
    ends[index] = Math.min(bins, horizonBins) * binMs;
  }
  ends.sort();
  return summary(ends, hits);
}

/** Of the ends in all futures, sorted. */
function summary(ends: Float64Array, hits: number) {
  return {
    hitProbability: (hits + 0.5) / (ends.length + 1),
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

/** Percent left at a time, in the likely futures: of ten, one has less than `p10` and one more than `p90`. */
interface CoursePoint {
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

/** How likely it is that the account runs out before a reset: under 20 %, under 60 %, above; or empty now. */
export type Risk = "low" | "medium" | "high" | "empty";

export interface LimitForecast {
  readonly limit: Limit;
  readonly usedPercent: number;
  readonly remainingPercent: number;
  /** Null when the window has not started. */
  readonly resetsAtMs: number | null;
  /** Null when there is nothing left to forecast, or the window has not started. */
  readonly forecast: WindowForecast | null;
}

export interface AccountForecast {
  /** Null when the plan has no such window or it was never reported. */
  readonly short: LimitForecast | null;
  readonly long: LimitForecast | null;
  readonly risk: Risk;
  /** Null: now. Else when the block or the exhausted windows end. */
  readonly readyAtMs: number | null;
  readonly block: Block | null;
}

export interface AccountForecastInput {
  readonly limits: readonly Limit[];
  readonly block: Block | null;
  readonly nowMs: number;
  /** The history of a window of this length, see `binHistory`. */
  readonly historyOf: (windowMinutes: number) => UsageHistory;
  readonly limitId?: string;
}

/** Both windows of an account: what is left, until when, and whether it will last. */
export function forecastAccount(input: AccountForecastInput): AccountForecast {
  const { limits, nowMs, limitId = mainLimitId } = input;
  const windows = findWindows(limits, limitId);
  const short = forecastLimit(windows.short, input);
  const long = forecastLimit(windows.long, input);
  const block = activeBlock(input.block, nowMs, limitId);
  return { short, long, block, risk: findRisk([short, long]), readyAtMs: findReadyMs([short, long], block) };
}

function forecastLimit(
  limit: Limit | null,
  { nowMs, historyOf }: AccountForecastInput,
): LimitForecast | null {
  if (limit === null) return null;
  const usedPercent = usedPercentAt(limit, nowMs);
  const about = { limit, usedPercent, remainingPercent: 100 - usedPercent };
  if (!hasStarted(limit, nowMs)) return { ...about, resetsAtMs: null, forecast: null };
  const resetsAtMs = windowEndMs(limit);
  if (usedPercent >= 100) return { ...about, resetsAtMs, forecast: null };
  const history = historyOf(windowLengthMs(limit) / minuteMs);
  return { ...about, resetsAtMs, forecast: forecastWindow({ usedPercent, nowMs, resetsAtMs, history }) };
}

function findRisk(windows: readonly (LimitForecast | null)[]): Risk {
  if (windows.some((each) => each?.remainingPercent === 0)) return "empty";
  const probability = Math.max(0, ...windows.map((each) => each?.forecast?.hitProbability ?? 0));
  if (probability >= 0.6) return "high";
  return probability >= 0.2 ? "medium" : "low";
}

function findReadyMs(windows: readonly (LimitForecast | null)[], block: Block | null): number | null {
  let readyAtMs = block?.untilMs ?? null;
  for (const each of windows) {
    if (each === null || each.remainingPercent > 0 || each.resetsAtMs === null) continue;
    readyAtMs = Math.max(readyAtMs ?? 0, each.resetsAtMs);
  }
  return readyAtMs;
}
