import { seededRandom } from "../../src/quota/forecast/futures.ts";
import { binMs, binsPerDay } from "../../src/quota/forecast/past.ts";
import { forecastWindow } from "../../src/quota/forecast/window.ts";

/** How somebody works: hours per day and how much a working quarter of an hour burns, in percent of the window. */
export interface Habit {
  readonly seed: number;
  readonly kind: "office" | "every-day" | "irregular" | "nightly";
  readonly windowHours: number;
  readonly percentPerBin: number;
}

export interface ForecastScore {
  /** Mean over the quantiles .1 .5 .9, in percent of the window's length. Less is better. */
  readonly pinball: number;
  /** Of the probability to run out. Less is better. */
  readonly brier: number;
  /** How often the truth lies between the quantiles .1 and .9. */
  readonly coverage: number;
}

const days = 42;
const quantiles = [0.1, 0.5, 0.9] as const;

/** Forecasts at many moments of the last four weeks, compared with what happened then. */
export function scoreForecasts(habit: Habit): ForecastScore {
  const burned = makeUsage(habit);
  const spanBins = habit.windowHours * 4;
  const total = { count: 0, pinball: 0, brier: 0, covered: 0 };
  for (const start of windowStarts(burned, spanBins)) {
    const end = start + spanBins;
    if (start < 14 * binsPerDay || end > burned.length) continue;
    for (let now = start + 3; now < end - 1; now += Math.ceil(spanBins / 6)) {
      const used = Math.floor(sum(burned, start, now));
      if (used >= 100) break;
      const truth = binsUntil(burned, now, end, 100 - sum(burned, start, now));
      score(total, burned, { now, end, used, truth });
    }
  }
  return {
    pinball: total.pinball / total.count,
    brier: total.brier / total.count,
    coverage: total.covered / total.count,
  };
}

interface Moment {
  readonly now: number;
  readonly end: number;
  readonly used: number;
  readonly truth: number;
}

function score(
  total: { count: number; pinball: number; brier: number; covered: number },
  burned: Float64Array,
  { now, end, used, truth }: Moment,
): void {
  const { hitProbability, emptyInMs } = forecastWindow({
    usedPercent: used,
    nowMs: now * binMs,
    resetsAtMs: end * binMs,
    history: { startMs: 0, firstWeekday: 0, percentPerBin: burned.subarray(0, now + 1).map(zeroLast) },
  });
  const times = [emptyInMs.p10, emptyInMs.p50, emptyInMs.p90].map((ms) => ms / binMs);
  const losses = times.map((time, index) => {
    const share = quantiles[index] ?? 0;
    return truth >= time ? share * (truth - time) : (1 - share) * (time - truth);
  });
  total.count++;
  total.pinball += ((100 / 3) * losses.reduce((a, b) => a + b, 0)) / (end - now);
  total.brier += (hitProbability - (truth < end - now ? 1 : 0)) ** 2;
  total.covered += truth >= (times[0] ?? 0) - 1e-9 && truth <= (times[2] ?? 0) + 1e-9 ? 1 : 0;
}

/** The current bin has only begun. */
function zeroLast(value: number, index: number, all: Float64Array): number {
  return index === all.length - 1 ? 0 : value;
}

function binsUntil(burned: Float64Array, from: number, end: number, percent: number): number {
  let left = percent;
  for (let bin = from; bin < end; bin++) {
    const here = burned[bin] ?? 0;
    if (here >= left) return bin - from + left / here;
    left -= here;
  }
  return end - from;
}

function windowStarts(burned: Float64Array, spanBins: number): number[] {
  const starts: number[] = [];
  for (let bin = 0; bin < burned.length; bin++) {
    if ((burned[bin] ?? 0) === 0) continue;
    starts.push(bin);
    bin += spanBins - 1;
  }
  return starts;
}

function makeUsage({ seed, kind, percentPerBin }: Habit): Float64Array {
  const random = seededRandom(seed);
  const burned = new Float64Array(days * binsPerDay);
  for (let day = 0; day < days; day++) {
    const [from, to] = workingHours(kind, day, random);
    const effort = 0.6 + 0.8 * random();
    for (let bin = Math.floor(from * 4); bin < to * 4; bin++) {
      if (random() < 0.3) continue;
      burned[day * binsPerDay + bin] = -percentPerBin * effort * Math.log(1 - random());
    }
  }
  return burned;
}

function workingHours(kind: Habit["kind"], day: number, random: () => number): [from: number, to: number] {
  const isWeekend = day % 7 >= 5;
  if (kind === "nightly") return [2, 4 + random()];
  if (kind === "every-day") return [9 + random(), isWeekend ? 16 : 22];
  if (kind === "irregular") return random() < 0.3 ? [0, 0] : [6 + 8 * random(), 16 + 6 * random()];
  return isWeekend ? [0, 0] : [9 + random(), 17.5 + random()];
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let index = from; index < to; index++) total += values[index] ?? 0;
  return total;
}
