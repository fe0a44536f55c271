import { expect, test } from "vitest";
import { displayWidth } from "../../src/text/width.ts";
import { type PoolFigures, poolLines } from "../../src/ui/pool-lines.ts";
import { makeUi } from "../../src/ui/ui.ts";

const hourMs = 3_600_000;
const nowMs = new Date(2026, 10, 30, 9).getTime();

function iso(inHours: number): string {
  return new Date(nowMs + inHours * hourMs).toISOString();
}

function pool(more: Partial<PoolFigures> = {}): PoolFigures {
  const refill = (row: number, inHours: number) => ({
    row,
    name: `a${row}`,
    at: iso(inHours),
    windowMinutes: 300,
    refillPercent: 40,
  });
  return {
    isDry: false,
    accounts: 12,
    horizonMs: 168 * hourMs,
    dryPercent: 90,
    dryInMs: { p10: 20 * hourMs, p50: 58 * hourMs, p90: 80 * hourMs },
    refills: [refill(1, 3), refill(2, 66), refill(3, 100), refill(4, 100), refill(12, 120), refill(5, 900)],
    gaps: [{ from: iso(58), until: iso(66), name: "a2" }],
    ...more,
  };
}

async function shown(figures: PoolFigures, columns: number, isUnicode = true): Promise<string[]> {
  const ui = await makeUi({ colorLevel: 0, columns, isTerminal: true, isUnicode, nowMs });
  return poolLines(figures, ui);
}

test("every reset, day and gap stands where its time is, on a line as wide as the terminal", async () => {
  for (const columns of [50, 84, 168]) {
    const [line = ""] = await shown(pool(), columns);
    const place = (hours: number) => Math.floor((hours / 168) * columns);
    expect(displayWidth(line)).toBe(columns);
    expect([3, 66, 100, 120].map((hours) => line[place(hours)])).toEqual(["1", "2", "+", "+"]);
    // Tuesday begins fifteen hours after nine o'clock of Monday.
    expect(line.slice(place(15)).startsWith("Tue")).toBe(true);
    // Thursday begins in the gap.
    expect(
      line
        .slice(place(58), place(66))
        .replace(/Thu?/, "╌╌╌")
        .slice(0, place(66) - place(58)),
    ).toMatch(/^╌+$/);
    expect(line.slice(0, place(58)) + line.slice(place(66))).not.toContain("╌");
    expect(line).not.toContain("5");
  }
});

test("the words tell until when there is quota, and whose reset brings it back", async () => {
  expect((await shown(pool(), 168))[1]).toBe(
    "Pool: covered until about Wed 02 Dec 19:00, back Thu 03 Dec 03:00 when a2 resets (90 % risk of running dry in the next 7 d). Next refill: a1, 5 h window, 12:00.",
  );
  const again = [...pool().gaps, { from: iso(100), until: null, name: null }];
  expect((await shown(pool({ gaps: again }), 168))[1]).toContain("when a2 resets, then dry once more (90 %");
  const dry = pool({
    isDry: true,
    dryPercent: null,
    dryInMs: null,
    gaps: [{ from: iso(0), until: iso(3), name: "a1" }],
  });
  expect(await shown(dry, 84)).toMatchObject(
    [/^╌1─/, "Pool: dry, back 12:00 when a1 resets.", /╌: probably/].map((each) =>
      typeof each === "string" ? each : expect.stringMatching(each),
    ),
  );
  const unsure = pool({
    gaps: [],
    dryPercent: 30,
    dryInMs: { p10: 20 * hourMs, p50: 168 * hourMs, p90: 168 * hourMs },
  });
  expect((await shown(unsure, 84))[1]).toContain(
    "probably covered for the next 7 d; it may run dry in 20 h or more (30 % risk)",
  );
});

test("in ASCII the line is ASCII, and a gap is not only a colour", async () => {
  const [line = "", , legend] = await shown(pool(), 84, false);
  expect(line).toMatch(/^[=.+\dA-Za-z]+$/);
  expect(line).toContain("....");
  expect(legend).toContain(".: probably nothing left");
});

test("a pipe gets the words alone, and no accounts make no line", async () => {
  const ui = await makeUi({ colorLevel: 0, columns: 80, isTerminal: false, isUnicode: true, nowMs });
  expect(poolLines(pool(), ui)).toHaveLength(1);
  expect(await shown(pool({ refills: [], gaps: [] }), 80)).toHaveLength(1);
});

test("what the signs mean stands below, also what a row of two digits becomes", async () => {
  expect((await shown(pool(), 84))[2]).toBe(
    "A digit: the row of an account whose window resets then; +: several, or a row above 9; ╌: probably nothing left.",
  );
  expect((await shown(pool({ accounts: 3, gaps: [] }), 84))[2]).toBe(
    "A digit: the row of an account whose window resets then; +: several.",
  );
});
