import { binsPerDay, burnedBefore, isWeekend } from "./usage-track.ts";
import type { UsageTrack } from "./usage-track.ts";

const analogCount = 40;
const nearestHours = 3;
const binsPerHour = 4;
/** A rate of nothing has no logarithm: this much is added to both sides of a ratio, in percent. */
const quietPercent = 0.5;

/**
 * The past moments most like now, as positions, most alike first: near in time of day, alike in what was burned in
 * the last half hour and two hours, of the same kind of day, and recent. Each has at least `pathBins` after it.
 */
export function findAnalogs(track: UsageTrack, pathBins: number): number[] {
  const recent = recentBurn(track, track.now);
  const today = Math.floor(track.now / binsPerDay);
  const weekend = isWeekend(track, today);
  const found: { position: number; distance: number }[] = [];
  const reach = nearestHours * binsPerHour;
  for (let day = today; day >= -1; day--) {
    for (let shift = -reach; shift <= reach; shift++) {
      const position = track.now + (day - today) * binsPerDay + shift;
      if (position < 8 || position + pathBins > track.now) continue;
      const past = recentBurn(track, position);
      const ageDays = (track.now - position) / binsPerDay;
      const distance =
        Math.abs(shift) / (1.5 * binsPerHour) +
        1.5 * Math.abs(past.logHalfHour - recent.logHalfHour) +
        0.7 * Math.abs(past.logTwoHours - recent.logTwoHours) +
        (isWeekend(track, Math.floor(position / binsPerDay)) === weekend ? 0 : 1.5) +
        ageDays / 28;
      found.push({ position, distance });
    }
  }
  found.sort((a, b) => a.distance - b.distance);
  return found.slice(0, analogCount).map((each) => each.position);
}

function recentBurn(track: UsageTrack, position: number) {
  const here = burnedBefore(track, position);
  return {
    logHalfHour: Math.log(here - burnedBefore(track, position - 2) + quietPercent),
    logTwoHours: Math.log(here - burnedBefore(track, position - 8) + quietPercent),
  };
}
