import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { findWindows, mergeLimits, usedPercentAt, weekMs, windowEndMs } from "../../src/quota/limit.ts";
import { nowMs, shortLimit, weekLimit } from "../support/given-quota.ts";

describe("what is used now", () => {
  const cases = [
    ["as reported", shortLimit(42), 42],
    ["nothing after the reset", shortLimit(42, -1), 0],
    ["nothing when never seen", null, 0],
    ["as reported when the reset is unknown", shortLimit(42, 0, { resetsAtMs: null }), 42],
    [
      "nothing when an unknown reset must have passed",
      shortLimit(42, 0, { resetsAtMs: null, observedAtMs: nowMs - weekMs }),
      0,
    ],
    ["never more than all", shortLimit(140), 100],
  ] as const;
  test.each(cases)("%s", (_what, limit, percent) => expect(usedPercentAt(limit, nowMs)).toBe(percent));
});

describe("the short and the long window", () => {
  const week = weekLimit(1, weekMs, { window: "primary" });
  const cases = [
    [
      "are told by their length, not by their slot",
      [week, shortLimit(2, 1, { window: "secondary" })],
      [2, 1],
    ],
    ["may be a week alone", [week], [null, 1]],
    [
      "without a length are told by their slot",
      [shortLimit(2, 1, { windowMinutes: null }), weekLimit(1, 1, { windowMinutes: null })],
      [2, 1],
    ],
    ["are those of the main limit", [shortLimit(9, 1, { limitId: "codex_other" })], [null, null]],
  ] as const;
  test.each(cases)("%s", (_what, limits, expected) => {
    const { short, long } = findWindows(limits);
    expect([short?.usedPercent ?? null, long?.usedPercent ?? null]).toEqual(expected);
  });
});

it("a newer report about a limit replaces it, a window that has gone included", () => {
  const known = [shortLimit(10), weekLimit(20), shortLimit(5, 1, { limitId: "codex_other" })];
  const report = [weekLimit(30, weekMs, { observedAtMs: nowMs })];
  expect(mergeLimits(known, report)).toEqual([known[2], report[0]]);
});

it("an older report changes nothing", () => {
  const known = [shortLimit(10), weekLimit(20)];
  expect(mergeLimits(known, [shortLimit(90, 1, { observedAtMs: nowMs - weekMs })])).toEqual(known);
});

it("reports merge to the same in any order", () => {
  const reports = fc.array(
    fc
      .tuple(fc.nat(5), fc.constantFrom("codex", "codex_other"), fc.nat(100))
      .map(([minute, limitId, used]) => [
        shortLimit(used, 1, { limitId, observedAtMs: nowMs + minute }),
        weekLimit(used, 1, { limitId, observedAtMs: nowMs + minute }),
      ]),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(reports, (reports) => {
      const unique = reports.filter(
        (report, index) =>
          reports.findIndex(
            (each) =>
              each[0]?.observedAtMs === report[0]?.observedAtMs && each[0]?.limitId === report[0]?.limitId,
          ) === index,
      );
      const merge = (list: typeof unique) =>
        new Set(
          list.reduce<ReturnType<typeof mergeLimits>>((known, report) => mergeLimits(known, report), []),
        );
      expect(merge([...unique].reverse())).toEqual(merge(unique));
    }),
  );
});

it("a window without a reset ends at the latest possible moment", () => {
  expect(windowEndMs(weekLimit(5, 0, { resetsAtMs: null, observedAtMs: nowMs }))).toBe(nowMs + weekMs);
});
