import * as fc from "fast-check";
import { expect, test } from "vitest";
import { binHistory } from "../../../src/quota/history.ts";
import { binsPerDay } from "../../../src/quota/forecast/past.ts";
import { forecastCourse, forecastWindow } from "../../../src/quota/forecast/window.ts";
import { dayMs, hourMs, minuteMs } from "../../../src/quota/limit.ts";

const startMs = Date.UTC(2026, 9, 26);
const nowMs = startMs + 25 * 24 * hourMs + 12 * hourMs;

/** Office hours, every third quarter idle. */
function history(days = 25) {
  const length = days * binsPerDay + 49;
  const percentPerBin = Float64Array.from({ length }, (_, bin) => {
    const isWorking = bin % binsPerDay >= 36 && bin % binsPerDay < 72;
    return isWorking && bin % 3 > 0 ? ((bin * 7) % 11) / 2 : 0;
  });
  return { startMs: nowMs - (length - 1) * 15 * 60_000, firstWeekday: 0, percentPerBin };
}

test.each([
  ["a full history", history()],
  ["no history", { startMs: nowMs - hourMs, firstWeekday: 0, percentPerBin: [0, 1, 2, 3, 0] }],
])(
  "with %s a course starts at what is left, never rises, and keeps its quantiles in order",
  (_what, past) => {
    const points = forecastCourse(
      { usedPercent: 40, nowMs, resetsAtMs: nowMs + 4 * hourMs, history: past },
      24,
    );
    expect(points).toHaveLength(25);
    expect(points[0]).toEqual({ atMs: nowMs, p10: 60, p50: 60, p90: 60 });
    expect(points.at(-1)?.atMs).toBe(nowMs + 4 * hourMs);
    for (const [index, { p10, p50, p90 }] of points.entries()) {
      expect(p10 <= p50 && p50 <= p90).toBe(true);
      expect(p50).toBeLessThanOrEqual(points[index - 1]?.p50 ?? 100);
    }
  },
);

test("the course is empty about when the forecast says", () => {
  const input = { usedPercent: 85, nowMs, resetsAtMs: nowMs + 4 * hourMs, history: history() };
  const { emptyInMs } = forecastWindow(input);
  const empty = forecastCourse(input, 96).find(({ p50 }) => p50 <= 0.5);
  expect(empty?.atMs).toBeGreaterThan(nowMs + emptyInMs.p50 - hourMs / 4);
  expect(empty?.atMs).toBeLessThan(nowMs + emptyInMs.p50 + hourMs / 4);
});

const key = { accountId: "a", limitId: "codex", windowMinutes: 300 };
const step = fc.record({
  atMs: fc.integer({ min: nowMs - 50 * dayMs, max: nowMs }),
  percent: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.double({ min: 0.1, max: 60, noNaN: true })),
  overMs: fc.integer({ min: 0, max: 6 * hourMs }),
});

// Most windows cannot run out, which is known without a look at the futures. It must be what the look would say.
test("a history told as its burns forecasts what its bins do, to the last digit", () => {
  let sure = 0;
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120 }),
      fc.integer({ min: 1, max: 7 * 24 * 60 }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      (steps, resetsInMinutes, usedPercent) => {
        const mine = steps.map((each) => ({ ...each, ...key }));
        const past = binHistory(mine, key, nowMs, () => 60);
        const { startMs: from, firstWeekday, percentPerBin } = past;
        const bins = { startMs: from, firstWeekday, percentPerBin: Array.from(percentPerBin) };
        const input = { usedPercent, nowMs, resetsAtMs: nowMs + resetsInMinutes * minuteMs };
        const forecast = forecastWindow({ ...input, history: past });
        expect(forecast).toEqual(forecastWindow({ ...input, history: bins }));
        if (forecast.basis === "analogs" && forecast.hitProbability < 0.02) sure += 1;
      },
    ),
    { numRuns: 400 },
  );
  expect(sure).toBeGreaterThan(20);
});
