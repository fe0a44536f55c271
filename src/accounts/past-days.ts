import { binsPerDay, burnedBefore, isWeekend } from "./usage-track.ts";
import type { UsageTrack } from "./usage-track.ts";

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
export function dayDrawer(track: UsageTrack, random: () => number): (day: number) => number {
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
