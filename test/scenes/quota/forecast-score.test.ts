import { expect, test } from "vitest";
import { type ForecastScore, type Habit, scoreForecasts } from "../../support/forecast-score.ts";

// Frozen figures of made-up habits: a change of the method shows here, for better or worse.
const cases: [kind: Habit["kind"], windowHours: number, percentPerBin: number, frozen: ForecastScore][] = [
  ["office", 5, 8, { pinball: 4, brier: 0.159, coverage: 0.86 }],
  ["every-day", 5, 7, { pinball: 1.88, brier: 0.105, coverage: 0.93 }],
  ["nightly", 5, 16, { pinball: 6.33, brier: 0.168, coverage: 0.84 }],
  ["office", 168, 0.8, { pinball: 2.23, brier: 0.097, coverage: 0.96 }],
  ["every-day", 168, 0.4, { pinball: 0.25, brier: 0.028, coverage: 1 }],
  ["irregular", 168, 0.6, { pinball: 1.32, brier: 0.111, coverage: 0.94 }],
];

test.each(cases)(
  "forecasts of a person who works %s, window of %d h",
  (kind, windowHours, percentPerBin, frozen) => {
    const scores = [1, 2, 3].map((seed) => scoreForecasts({ seed, kind, windowHours, percentPerBin }));
    const mean = (name: keyof ForecastScore) =>
      scores.reduce((total, each) => total + each[name], 0) / scores.length;
    const rounded = {
      pinball: to(mean("pinball"), 2),
      brier: to(mean("brier"), 3),
      coverage: to(mean("coverage"), 2),
    };
    expect(rounded).toEqual(frozen);
    // A guess of one half scores .25.
    expect(rounded.brier).toBeLessThan(0.2);
  },
);

function to(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
