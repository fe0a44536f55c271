import { binsPerDay, burnedBefore, isWeekend } from "./usage-track.ts";
import type { UsageTrack } from "./usage-track.ts";

const analogCount = 40;
const binsPerHour = 4;
const reachBins = 3 * binsPerHour;
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
    for (let shift = -reachBins; shift <= reachBins; shift++) {
      const position = track.now + (day - today) * binsPerDay + shift;
      if (position < 8 || position + pathBins > track.now) continue;
      let distance = Math.abs(shift) / (1.5 * binsPerHour) + (track.now - position) / binsPerDay / 28;
      if (isWeekend(track, Math.floor(position / binsPerDay)) !== isWeekendToday) distance += 1.5;
      // Logarithms are the dear part: most moments are too far away already.
      if (distance >= nearest.farthest) continue;
      distance += 1.5 * Math.abs(logBurn(track, position, 2) - logHalfHour);
      distance += 0.7 * Math.abs(logBurn(track, position, 8) - logTwoHours);
      nearest.offer(position, distance);
    }
  }
  return nearest.positions;
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
