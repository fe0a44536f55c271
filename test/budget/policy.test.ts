import { describe, expect, test } from "vitest";
import { checkLimits, limitText, parseLimit, ruleName } from "../../src/budget/policy.ts";
import { windowAt } from "../../src/budget/usage-state.ts";

describe("a limit as people write it", () => {
  const cases: [text: string, rule: object][] = [
    ["requests=100/day", { kind: "requests", window: "day", max: 100 }],
    ["cost=5usd/week", { kind: "cost", window: "week", max: 5_000_000 }],
    ["cost=$0.50/month", { kind: "cost", window: "month", max: 500_000 }],
    ["tokens=2m/5h", { kind: "tokens", window: "5h", max: 2_000_000 }],
    ["input=20k/minute@gpt-6-sol", { kind: "input", window: "minute", max: 20_000, model: "gpt-6-sol" }],
    ["OUTPUT=0/Day", { kind: "output", window: "day", max: 0 }],
  ];
  test.each(cases)("%s", (text, rule) => {
    expect(parseLimit(text)).toEqual(rule);
    expect(parseLimit(limitText(parseLimit(text)))).toEqual(rule);
  });

  const refused = [
    "",
    "requests",
    "requests=/day",
    "requests=5",
    "request=5/day",
    "requests=5/year",
    "requests=-1/day",
  ];
  test.each([
    ...refused,
    "requests=1.5/day",
    "cost=5eur/day",
    "tokens=99999999999999999/day",
    "cost=1e9usd/day",
  ])("refuses %j with an example", (text) => {
    expect(() => parseLimit(text)).toThrow(expect.objectContaining({ code: "limit_invalid" }));
  });

  test("two limits that count the same are refused, two that differ are not", () => {
    const twice = [parseLimit("requests=1/day"), parseLimit("requests=2/day")];
    expect(() => checkLimits(twice)).toThrow("another limit for requests/day");
    checkLimits([parseLimit("requests=1/day"), parseLimit("requests=1/day@gpt-6-sol")]);
    expect(ruleName(parseLimit("requests=1/day@gpt-6-sol"))).toBe("requests/day@gpt-6-sol");
  });
});

test("calendar windows begin at midnight, Monday and the first, in UTC", () => {
  const sunday = Date.UTC(2026, 10, 29, 14, 12);
  const spans = (["day", "week", "month"] as const).map((window) => windowAt(window, sunday));
  expect(
    spans.map(({ startMs, endMs }) => [startMs, endMs].map((ms) => new Date(ms).toISOString().slice(0, 10))),
  ).toEqual([
    ["2026-11-29", "2026-11-30"],
    ["2026-11-23", "2026-11-30"],
    ["2026-11-01", "2026-12-01"],
  ]);
  expect(windowAt("week", Date.UTC(2026, 10, 30)).startMs).toBe(Date.UTC(2026, 10, 30));
  expect(windowAt("month", Date.UTC(2026, 11, 31, 23)).endMs).toBe(Date.UTC(2027, 0, 1));
});

test("windows that begin with the first use last a minute and five hours", () => {
  expect(windowAt("minute", 1_000)).toEqual({ startMs: 1_000, endMs: 61_000 });
  expect(windowAt("5h", 1_000)).toEqual({ startMs: 1_000, endMs: 18_001_000 });
});
