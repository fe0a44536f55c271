import { dayMs, minuteMs } from "../limit.ts";

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

/** A stretch of bins, ends included, in each of which so much was burned. */
export interface Burn {
  readonly first: number;
  readonly last: number;
  readonly percentPerBin: number;
}

/** A history as its burns: of thousands of bins few are not empty, and a hundred accounts have two windows each. */
export class BurnHistory implements UsageHistory {
  readonly startMs: number;
  readonly firstWeekday: number;
  readonly length: number;
  readonly burns: readonly Burn[];
  #percentPerBin: Float64Array | null = null;

  constructor({ startMs, firstWeekday, length, burns }: BurnHistoryFields) {
    this.startMs = startMs;
    this.firstWeekday = firstWeekday;
    this.length = length;
    this.burns = burns;
  }

  get percentPerBin(): Float64Array {
    this.#percentPerBin ??= this.addTo(new Float64Array(this.length));
    return this.#percentPerBin;
  }

  /** Adds every bin from `first` on to an array of which the first element stands for bin `first - offset`. */
  addTo(bins: Float64Array, first = 0, offset = 0): Float64Array {
    for (const burn of this.burns)
      for (let bin = Math.max(first, burn.first); bin <= burn.last; bin++) {
        const index = bin - first + offset;
        bins[index] = (bins[index] ?? 0) + burn.percentPerBin;
      }
    return bins;
  }

  /** Tells what was burned in each bin in which something was. */
  eachBin(tell: (bin: number, percent: number) => void): void {
    const percents = new Map<number, number>();
    for (const { first, last, percentPerBin } of this.burns)
      for (let bin = first; bin <= last; bin++) percents.set(bin, (percents.get(bin) ?? 0) + percentPerBin);
    for (const [bin, percent] of percents) tell(bin, percent);
  }
}

export function binCount(history: UsageHistory): number {
  return history instanceof BurnHistory ? history.length : history.percentPerBin.length;
}

type BurnHistoryFields = Pick<BurnHistory, "startMs" | "firstWeekday" | "length" | "burns">;

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
  const { first, length, now, firstWeekday } = trackPlace(history, nowMs);
  const sums = new Float64Array(length + 1);
  if (history instanceof BurnHistory) history.addTo(sums, first, 1);
  else for (let i = 0; i < length; i++) sums[i + 1] = history.percentPerBin[first + i] ?? 0;
  let sum = 0;
  for (let i = 1; i <= length; i++) {
    sum += sums[i] ?? 0;
    sums[i] = sum;
  }
  return { length, firstWeekday, sums, now };
}

interface TrackPlace extends Pick<UsageTrack, "length" | "firstWeekday" | "now"> {
  /** Bin of the history where the track begins. */
  readonly first: number;
}

/** What is known of a track without its sums. */
export function trackPlace(history: UsageHistory, nowMs: number): TrackPlace {
  const whole = binCount(history);
  const skippedDays = Math.max(0, Math.ceil((whole - longestTrackBins) / binsPerDay));
  const first = skippedDays * binsPerDay;
  const length = whole - first;
  const now = (nowMs - history.startMs) / binMs - first;
  return {
    first,
    length,
    firstWeekday: (history.firstWeekday + skippedDays) % 7,
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

const analogCount = 40;
const binsPerHour = 4;
const reachBins = 3 * binsPerHour;
/** So far apart in time of day is as far as one: twenty-eight days, or a rate that is twice as high. */
const shiftBins = 1.5 * binsPerHour;
const roundingError = 1e-9;
/** Added to both sides of a ratio, because a rate of nothing has no logarithm. Percent. */
const quietPercent = 0.5;

/**
 * The past moments most like now, as positions, most alike first: near in time of day, alike in what was burned in
 * the last half hour and two hours, of the same kind of day, and recent. Each has at least `pathBins` after it.
 */
export function findAnalogs(track: UsageTrack, pathBins: number): number[] {
  const nearest = new NearestMoments(analogCount);
  const logHalfHour = logBurn(track, track.now, 2);
  const logTwoHours = logBurn(track, track.now, 8);
  const today = Math.floor(track.now / binsPerDay);
  const isWeekendToday = isWeekend(track, today);
  for (let day = today; day >= -1; day--) {
    // Nothing of this day or an older one, and of this day only the moments near in time, can be nearer than what is kept.
    const least = (today - day) / 28 - roundingError;
    if (least >= nearest.farthest) break;
    const reach = Math.min(reachBins, Math.ceil((nearest.farthest - least) * shiftBins) + 1);
    for (let shift = -reach; shift <= reach; shift++) {
      const position = momentAt(track.now, day - today, shift);
      if (!hasPath(position, pathBins, track.now)) continue;
      let distance = Math.abs(shift) / shiftBins + (track.now - position) / binsPerDay / 28;
      if (distance >= nearest.farthest) continue;
      if (isWeekend(track, Math.floor(position / binsPerDay)) !== isWeekendToday) distance += 1.5;
      // Logarithms are the dear part: most moments are too far away already.
      if (distance >= nearest.farthest) continue;
      distance += 1.5 * Math.abs(logBurn(track, position, 2) - logHalfHour);
      if (distance >= nearest.farthest) continue;
      distance += 0.7 * Math.abs(logBurn(track, position, 8) - logTwoHours);
      nearest.offer(position, distance);
    }
  }
  return nearest.positions;
}

/** How many moments `findAnalogs` finds, which is known without a look at what was burned. */
export function countAnalogs(now: number, pathBins: number): number {
  const today = Math.floor(now / binsPerDay);
  let count = 0;
  for (let day = 0; day >= -1 - today && count < analogCount; day--)
    for (let shift = -reachBins; shift <= reachBins; shift++)
      if (hasPath(momentAt(now, day, shift), pathBins, now)) count++;
  return Math.min(analogCount, count);
}

function momentAt(now: number, days: number, shift: number): number {
  return now + days * binsPerDay + shift;
}

/** Two hours before it are known, and all of the path after it. */
function hasPath(position: number, pathBins: number, now: number): boolean {
  return position >= 8 && position + pathBins <= now;
}

function logBurn(track: UsageTrack, position: number, bins: number): number {
  return Math.log(burnedBefore(track, position) - burnedBefore(track, position - bins) + quietPercent);
}

/** Keeps the nearest few of many, sorted; of equally near ones the first that was offered. */
class NearestMoments {
  readonly positions: number[] = [];
  readonly #distances: number[] = [];
  readonly #capacity: number;
  #farthest = Infinity;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** A moment must be nearer than this to be kept. */
  get farthest(): number {
    return this.#farthest;
  }

  offer(position: number, distance: number): void {
    if (distance >= this.#farthest) return;
    if (this.positions.length === this.#capacity) {
      this.positions.pop();
      this.#distances.pop();
    }
    let index = this.positions.length;
    while (index > 0 && (this.#distances[index - 1] ?? 0) > distance) index--;
    this.positions.splice(index, 0, position);
    this.#distances.splice(index, 0, distance);
    if (this.positions.length === this.#capacity)
      this.#farthest = this.#distances[this.#capacity - 1] ?? Infinity;
  }
}
