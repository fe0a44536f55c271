import {
  binsPerDay,
  burnedBefore,
  type BurnHistory,
  countAnalogs,
  findAnalogs,
  isWeekend,
  positionAfterBurning,
  type UsageTrack,
} from "./past.ts";

/** A stretch of the past that is played again. */
interface Segment {
  /** Where it starts in the track, in bins. */
  readonly from: number;
  readonly bins: number;
}

/** One possible course of the time ahead: stretches of the past, one after the other. */
export type Future = readonly Segment[];

const fewestAnalogs = 8;
const futureCount = 120;
/** A stretch up to this long is followed past midnight. */
const longestPathBins = 24;

/** How much of a future follows a moment like this one; whole days come after it. */
function pathLength(now: number, horizonBins: number): number {
  return horizonBins <= longestPathBins
    ? horizonBins
    : Math.min(horizonBins, binsPerDay - (now % binsPerDay));
}

/** How many futures `sampleFutures` gives. */
export function countFutures(now: number, horizonBins: number): number {
  const pathBins = pathLength(now, horizonBins);
  const analogs = countAnalogs(now, pathBins);
  if (analogs < fewestAnalogs) return 0;
  return pathBins >= horizonBins ? analogs : futureCount;
}

const quarterBins = binsPerDay / 4;

/** No future of `sampleFutures` burns more than this. */
export function mostBurned(history: BurnHistory, now: number, horizonBins: number): number {
  const pathBins = pathLength(now, horizonBins);
  const days = Math.ceil((horizonBins - pathBins) / binsPerDay);
  const quarters = quarterDays(history);
  // A path begins anywhere, and so it touches one more of them than it is long.
  const ofPath = largestSum(quarters, Math.ceil(pathBins / quarterBins) + 1, 1);
  return ofPath + (days > 0 ? days * largestSum(quarters, 4, 4) : 0);
}

/** What was burned in each quarter of a day. */
function quarterDays({ burns, length }: BurnHistory): Float64Array {
  const sums = new Float64Array(Math.ceil(length / quarterBins));
  for (const { first, last, percentPerBin } of burns)
    for (let from = first; from <= last;) {
      const at = Math.floor(from / quarterBins);
      const next = Math.min(last + 1, (at + 1) * quarterBins);
      sums[at] = (sums[at] ?? 0) + percentPerBin * (next - from);
      from = next;
    }
  return sums;
}

/** Of so many neighbours, the first of them at a multiple of `step`. */
function largestSum(sums: Float64Array, count: number, step: number): number {
  let largest = 0;
  for (let first = 0; first < sums.length; first += step) {
    let sum = 0;
    for (let at = first; at < Math.min(sums.length, first + count); at++) sum += sums[at] ?? 0;
    largest = Math.max(largest, sum);
  }
  return largest;
}

/** How futures are put together: one of the past moments and its path, then whole past days. */
interface Plan {
  readonly count: number;
  /** Where the paths start; none when the past holds too little to tell. */
  readonly analogs: readonly number[];
  readonly pathBins: number;
  /** How much is taken of each of the days after the path. */
  readonly dayBins: readonly number[];
  /** The past day that stands for the one of this index. */
  readonly drawDay: (index: number) => number;
}

function planFutures(track: UsageTrack, horizonBins: number): Plan {
  const pathBins = pathLength(track.now, horizonBins);
  const found = findAnalogs(track, pathBins);
  const analogs = found.length < fewestAnalogs ? [] : found;
  if (pathBins >= horizonBins || analogs.length === 0)
    return { count: analogs.length, analogs, pathBins, dayBins: [], drawDay: () => 0 };
  const dayBins: number[] = [];
  for (let left = horizonBins - pathBins; left > 0; left -= binsPerDay)
    dayBins.push(Math.min(left, binsPerDay));
  const draw = dayDrawer(track, seededRandom(seedOf(track, horizonBins)));
  const tomorrow = Math.floor(track.now / binsPerDay) + 1;
  return { count: futureCount, analogs, pathBins, dayBins, drawDay: (index) => draw(tomorrow + index) };
}

/** Courses that the next `horizonBins` may take; empty when the past holds too little to tell. */
export function sampleFutures(track: UsageTrack, horizonBins: number): Future[] {
  const { count, analogs, pathBins, dayBins, drawDay } = planFutures(track, horizonBins);
  return Array.from({ length: count }, (_, index) => [
    { from: analogs[index % analogs.length] ?? 0, bins: pathBins },
    ...dayBins.map((bins, day) => ({ from: drawDay(day) * binsPerDay, bins })),
  ]);
}

/** Bins until `percent` is burned, or Infinity, in each of these courses. */
export function endsOfFutures(track: UsageTrack, horizonBins: number, percent: number): Float64Array {
  const { count, analogs, pathBins, dayBins, drawDay } = planFutures(track, horizonBins);
  const ofPaths = analogs.map((from) => burnedWithin(track, from, pathBins));
  const ofDays: number[] = [];
  const ends = new Float64Array(count).fill(Infinity);
  for (let index = 0; index < count; index++) {
    const analog = index % analogs.length;
    let left = percent;
    let elapsed = 0;
    let isOver = false;
    const play = (from: number, bins: number, burned: number) => {
      isOver = burned >= left;
      if (isOver) ends[index] = elapsed + positionAfterBurning(track, from, left) - from;
      left -= burned;
      elapsed += bins;
    };
    play(analogs[analog] ?? 0, pathBins, ofPaths[analog] ?? 0);
    for (const [at, bins] of dayBins.entries()) {
      // Drawn also when it is over, so that the next future gets the days that are its own.
      const day = drawDay(at);
      if (isOver) continue;
      const from = day * binsPerDay;
      const burned =
        bins < binsPerDay
          ? burnedWithin(track, from, bins)
          : (ofDays[day] ??= burnedWithin(track, from, bins));
      play(from, bins, burned);
    }
  }
  return ends;
}

function burnedWithin(track: UsageTrack, from: number, bins: number): number {
  return burnedBefore(track, from + bins) - burnedBefore(track, from);
}

/** The same input gives the same futures. */
function seedOf(track: UsageTrack, horizonBins: number): number {
  return (
    Math.imul(Math.round(track.now * 60), 0x9e3779b1) ^
    Math.round((track.sums.at(-1) ?? 0) * 100) ^
    horizonBins
  );
}

const halfWeightDays = 10;
/** So many days in a row without any use are a vacation; fewer may be a long weekend. */
const vacationDays = 5;

interface WeightedDays {
  readonly days: readonly number[];
  /** Running total of the weights. */
  readonly totals: Float64Array;
  readonly total: number;
}

/** Draws whole past days of the same kind, working day or weekend, newer ones more often. */
function dayDrawer(track: UsageTrack, random: () => number): (day: number) => number {
  const usual = usualDays(track);
  const [working, weekend] = [false, true].map((kind) => weightedDays(track, usual, kind));
  return (day) => {
    const pool = isWeekend(track, day) ? weekend : working;
    return pool === undefined ? 0 : drawWeighted(pool, random());
  };
}

/** Whole past days without the vacations in them, which say nothing about the days after. During one they do. */
function usualDays(track: UsageTrack): number[] {
  const today = Math.floor(track.now / binsPerDay);
  const all = Array.from({ length: today }, (_, day) => day);
  const idleSince = all.map(() => 0);
  for (const day of all) idleSince[day] = isIdle(track, day) ? (idleSince[day - 1] ?? 0) + 1 : 0;
  if (isIdle(track, today) && (idleSince.at(-1) ?? 0) >= vacationDays) return all;
  const usual: number[] = [];
  let isVacation = false;
  for (const day of all.toReversed()) {
    const idle = idleSince[day] ?? 0;
    isVacation = idle > 0 && (isVacation || idle >= vacationDays);
    if (!isVacation) usual.push(day);
  }
  return usual.length >= vacationDays ? usual.reverse() : all;
}

function isIdle(track: UsageTrack, day: number): boolean {
  return burnedBefore(track, (day + 1) * binsPerDay) <= burnedBefore(track, day * binsPerDay);
}

function weightedDays(track: UsageTrack, usual: readonly number[], weekend: boolean): WeightedDays {
  const today = Math.floor(track.now / binsPerDay);
  const same = usual.filter((day) => isWeekend(track, day) === weekend);
  const days = same.length > 0 ? same : usual;
  let total = 0;
  const totals = Float64Array.from(days, (day) => (total += 0.5 ** ((today - day) / halfWeightDays)));
  return { days, totals, total };
}

function drawWeighted({ days, totals, total }: WeightedDays, share: number): number {
  const target = share * total;
  let low = 0;
  let high = days.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((totals[middle] ?? 0) > target) high = middle;
    else low = middle + 1;
  }
  return days[low] ?? 0;
}

/** A source of numbers in [0, 1): the same seed gives the same series on every machine (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
