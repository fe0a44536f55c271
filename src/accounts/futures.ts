import { findAnalogs } from "./analogs.ts";
import { dayDrawer } from "./past-days.ts";
import { seededRandom } from "./random.ts";
import { binsPerDay, burnedBefore, positionAfterBurning } from "./usage-track.ts";
import type { UsageTrack } from "./usage-track.ts";

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

/** Courses that the next `horizonBins` may take; empty when the past holds too little to tell. */
export function sampleFutures(track: UsageTrack, horizonBins: number): Future[] {
  const untilMidnight = binsPerDay - (track.now % binsPerDay);
  const pathBins = horizonBins <= longestPathBins ? horizonBins : Math.min(horizonBins, untilMidnight);
  const analogs = findAnalogs(track, pathBins);
  if (analogs.length < fewestAnalogs) return [];
  if (pathBins >= horizonBins) return analogs.map((from) => [{ from, bins: pathBins }]);
  const random = seededRandom(seedOf(track, horizonBins));
  const drawDay = dayDrawer(track, random);
  return Array.from({ length: futureCount }, (_, index) => {
    const from = analogs[index % analogs.length] ?? 0;
    const future: Segment[] = [{ from, bins: pathBins }];
    let day = Math.floor(track.now / binsPerDay) + 1;
    for (let left = horizonBins - pathBins; left > 0; left -= binsPerDay) {
      future.push({ from: drawDay(day) * binsPerDay, bins: Math.min(left, binsPerDay) });
      day++;
    }
    return future;
  });
}

/** Bins until `percent` is burned in this future, or Infinity. */
export function binsUntilBurned(track: UsageTrack, future: Future, percent: number): number {
  let elapsed = 0;
  let left = percent;
  for (const { from, bins } of future) {
    const burned = burnedBefore(track, from + bins) - burnedBefore(track, from);
    if (burned >= left) return elapsed + positionAfterBurning(track, from, left) - from;
    left -= burned;
    elapsed += bins;
  }
  return Infinity;
}

/** The same input gives the same futures. */
function seedOf(track: UsageTrack, horizonBins: number): number {
  return (
    Math.imul(Math.round(track.now * 60), 0x9e3779b1) ^
    Math.round((track.sums.at(-1) ?? 0) * 100) ^
    horizonBins
  );
}
