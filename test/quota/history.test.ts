import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { binMs } from "../../src/quota/forecast/past.ts";
import {
  binHistory,
  compactHistory,
  formatHistory,
  historyLengthMs,
  type HistoryStep,
  historySteps,
  needsCompaction,
  parseHistory,
} from "../../src/quota/history.ts";
import { dayMs, hourMs, type Limit, minuteMs, weekMs } from "../../src/quota/limit.ts";
import { nowMs, shortLimit } from "../support/given-quota.ts";

const key = { accountId: "a", limitId: "codex", windowMinutes: 300 };
const utc = () => 0;

function step(over: Partial<HistoryStep> = {}): HistoryStep {
  return { ...key, atMs: nowMs, percent: 1, overMs: 0, ...over };
}

describe("the step between two reports", () => {
  const before = shortLimit(40, 2 * hourMs, { observedAtMs: nowMs - hourMs });
  const at = (usedPercent: number, resetsInMs: number, over: Partial<Limit> = {}) =>
    shortLimit(usedPercent, resetsInMs, { observedAtMs: nowMs, ...over });
  const cases: [what: string, after: Limit, expected: [percent: number, overMs: number] | null][] = [
    ["is the rise inside a window", at(43, 2 * hourMs), [3, hourMs]],
    ["may come with a reset a little off", at(43, 2 * hourMs + 60_000), [3, hourMs]],
    ["is all of a window that began since", at(5, 4.5 * hourMs), [5, hourMs / 2]],
    ["is nothing when nothing was burned", at(40, 2 * hourMs), null],
    ["is nothing when the figure fell", at(39, 2 * hourMs), null],
    ["is nothing for an older report", at(50, 2 * hourMs, { observedAtMs: nowMs - 2 * hourMs }), null],
    ["is nothing for another limit", at(50, 2 * hourMs, { limitId: "codex_other" }), null],
    ["follows a window into another slot", at(43, 2 * hourMs, { window: "secondary" }), [3, hourMs]],
  ];
  test.each(cases)("%s", (_what, after, expected) => {
    const [found] = historySteps("a", [before], [after]);
    expect(found === undefined ? null : [found.percent, found.overMs]).toEqual(expected);
  });
});

const steps = fc.array(
  fc.record({
    atMs: fc.integer({ min: nowMs - 2 * historyLengthMs, max: nowMs }),
    accountId: fc.constantFrom("a", "b"),
    limitId: fc.constantFrom("codex", "codex_other"),
    windowMinutes: fc.constantFrom(300, 10_080),
    percent: fc.integer({ min: 1, max: 100 }),
    overMs: fc.integer({ min: 0, max: weekMs }),
  }),
);

it("what is written is read again, with torn and foreign lines between", () => {
  fc.assert(
    fc.property(steps, fc.string(), (steps, noise) => {
      const foreign = noise.replaceAll("\n", " ");
      expect(parseHistory(`${foreign}\n${formatHistory(steps)}{"t":12`)).toEqual(steps);
    }),
  );
});

test.each([
  "",
  "null",
  "{}",
  '{"t":1,"a":"a","l":"codex","w":300,"p":"9"}',
  '{"t":1,"a":2,"l":"codex","w":300,"p":9}',
  '{"t":1,"a":"a","l":"codex","w":300,"p":-9}',
  "[1]",
])("a line that is no step is left out: %s", (line) => expect(parseHistory(line)).toEqual([]));

it("compacting keeps six weeks and every percent in its quarter of an hour, and twice is as once", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const compact = compactHistory(steps, nowMs);
      expect(compactHistory(compact, nowMs)).toEqual(compact);
      const sum = (list: readonly HistoryStep[]) => list.reduce((total, { percent }) => total + percent, 0);
      const kept = steps.filter(({ atMs }) => atMs > nowMs - historyLengthMs);
      expect(sum(compact)).toBe(sum(kept));
      const bins = kept.map(
        ({ atMs, accountId, limitId, windowMinutes }) =>
          `${Math.floor(atMs / binMs)} ${accountId} ${limitId} ${windowMinutes}`,
      );
      expect(compact.length).toBe(new Set(bins).size);
    }),
  );
});

describe("the bins of a window", () => {
  it("start at the local midnight before the first step and end now", () => {
    // Friday 12:00 UTC is 14:00 two hours east.
    const history = binHistory([step()], key, nowMs, () => 120);
    expect(history.startMs).toBe(nowMs - 14 * hourMs);
    expect(history.firstWeekday).toBe(4);
    expect(history.percentPerBin.length).toBe(14 * 4 + 1);
    expect(history.percentPerBin[14 * 4]).toBe(1);
  });

  it("hold every percent of the window that was asked for, and no other", () => {
    const mine = [step({ percent: 3, atMs: nowMs - dayMs }), step({ percent: 4, overMs: 5 * hourMs })];
    const others = [
      step({ accountId: "b" }),
      step({ limitId: "codex_other" }),
      step({ windowMinutes: 10_080 }),
    ];
    const { percentPerBin } = binHistory([...mine, ...others], key, nowMs, utc);
    expect(Array.from(percentPerBin).reduce((a, b) => a + b, 0)).toBeCloseTo(7, 9);
  });

  it("spread what was burned unseen over the time that nobody looked", () => {
    const { percentPerBin } = binHistory([step({ percent: 4, overMs: 45 * minuteMs })], key, nowMs, utc);
    expect(Array.from(percentPerBin).slice(-4)).toEqual([1, 1, 1, 1]);
  });

  it("keep an hour of the day in its place over a change to winter time", () => {
    const changeMs = Date.UTC(2026, 9, 25, 1);
    const berlin = (atMs: number) => (atMs < changeMs ? 120 : 60);
    const summer = Date.UTC(2026, 9, 20, 7);
    const winter = Date.UTC(2026, 9, 28, 8);
    const { percentPerBin } = binHistory(
      [step({ atMs: summer }), step({ atMs: winter })],
      key,
      winter,
      berlin,
    );
    const used = Array.from(percentPerBin).flatMap((percent, bin) => (percent > 0 ? [bin % 96] : []));
    expect(used).toEqual([9 * 4, 9 * 4]);
  });

  it("of no history are today's", () => {
    const { percentPerBin } = binHistory([], key, nowMs, utc);
    expect(percentPerBin.length).toBe(12 * 4 + 1);
  });
});

it("a history is written again only when most of it would go", () => {
  const busy = Array.from({ length: 2000 }, (_, index) => step({ atMs: nowMs - index * binMs }));
  const old = Array.from({ length: 4600 }, () => step({ atMs: nowMs - historyLengthMs }));
  expect(needsCompaction(busy, nowMs)).toBe(false);
  expect(needsCompaction([...busy, ...busy], nowMs)).toBe(false);
  expect(needsCompaction([...busy, ...old], nowMs)).toBe(true);
});
