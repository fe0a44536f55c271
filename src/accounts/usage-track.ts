import { dayMs, minuteMs } from "./limit.ts";

export const binMs = 15 * minuteMs;
export const binsPerDay = dayMs / binMs;

const longestTrackBins = 42 * binsPerDay;

/** Percent of one window burned per quarter of an hour, oldest first; the last bin is the current one. */
export interface UsageHistory {
  /** Start of bin 0: a local midnight, epoch ms. */
  readonly startMs: number;
  /** Weekday of bin 0, Monday = 0. */
  readonly firstWeekday: number;
  readonly percentPerBin: ArrayLike<number>;
}

/** The last six weeks of a history, prepared for sums over any stretch. Positions count bins from its first midnight. */
export interface UsageTrack {
  /** Length in bins, the current one included. */
  readonly length: number;
  readonly firstWeekday: number;
  /** sums[i] = percent burned in the bins before i; length + 1 values, never falling. */
  readonly sums: Float64Array;
  /** Where now is, in bins, with the fraction of the current bin that has passed. */
  readonly now: number;
}

export function prepareTrack(history: UsageHistory, nowMs: number): UsageTrack {
  const { percentPerBin } = history;
  const skippedDays = Math.max(0, Math.ceil((percentPerBin.length - longestTrackBins) / binsPerDay));
  const first = skippedDays * binsPerDay;
  const length = percentPerBin.length - first;
  const sums = new Float64Array(length + 1);
  let sum = 0;
  for (let i = 0; i < length; i++) {
    sum += percentPerBin[first + i] ?? 0;
    sums[i + 1] = sum;
  }
  const now = (nowMs - history.startMs) / binMs - first;
  return {
    length,
    firstWeekday: (history.firstWeekday + skippedDays) % 7,
    sums,
    now: Math.min(length, Math.max(0, length - 1, now)),
  };
}

/** Percent burned before a position; inside a bin the burn is taken as even. */
export function burnedBefore(track: UsageTrack, position: number): number {
  if (position <= 0) return 0;
  const whole = Math.min(track.length, Math.floor(position));
  const below = track.sums[whole] ?? 0;
  const above = track.sums[Math.min(track.length, whole + 1)] ?? below;
  return below + (above - below) * Math.min(1, position - whole);
}

/** The first position at or after `from` where `percent` more has been burned, or Infinity. */
export function positionAfterBurning(track: UsageTrack, from: number, percent: number): number {
  const target = burnedBefore(track, from) + percent;
  let low = Math.max(0, Math.floor(from));
  let high = track.length;
  if ((track.sums[high] ?? 0) < target) return Infinity;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((track.sums[middle] ?? 0) >= target) high = middle;
    else low = middle + 1;
  }
  const above = track.sums[low] ?? 0;
  const below = track.sums[Math.max(0, low - 1)] ?? 0;
  const share = above > below ? (target - below) / (above - below) : 1;
  return Math.max(from, low - 1 + share);
}

export function isWeekend(track: UsageTrack, day: number): boolean {
  return (track.firstWeekday + day) % 7 >= 5;
}
