import { expect, test } from "vitest";
import type { AccountFigures, Figures } from "../../../src/commands/watch/figures.ts";
import { firstState, pressed, type ViewState } from "../../../src/commands/watch/keys.ts";
import { plainLines, screenLines } from "../../../src/commands/watch/screen.ts";
import { safeReport } from "../../../src/text/safe-text.ts";
import { displayWidth } from "../../../src/text/width.ts";
import { makeUi, type Ui } from "../../../src/ui/ui.ts";
import { testNowMs } from "../../support/fake-context.ts";

const hourMs = 3_600_000;

function iso(inMs: number): string {
  return new Date(testNowMs + inMs).toISOString();
}

function limit(window: string, windowMinutes: number, usedPercent: number, resetsInMs: number) {
  return {
    window,
    limitId: "codex",
    usedPercent,
    remainingPercent: 100 - usedPercent,
    windowMinutes,
    resetsAt: iso(resetsInMs),
    observedAt: iso(-hourMs),
    source: "usage",
  };
}

function account(row: number, name: string, more: Partial<AccountFigures> = {}): AccountFigures {
  return {
    id: `id-${row}`,
    row,
    name,
    label: null,
    email: name,
    accountId: null,
    userId: null,
    plan: "plus",
    kind: "chatgpt",
    state: "ready",
    stateReason: null,
    active: row === 1,
    limits: [limit("primary", 300, 37, 2 * hourMs + 600_000), limit("secondary", 10_080, 81, 76 * hourMs)],
    credits: null,
    isReady: true,
    readyAt: null,
    isReadyAtGuessed: false,
    risk: "low",
    windows: [
      {
        kind: "short",
        window: "primary",
        usedPercent: 37,
        remainingPercent: 63,
        observedAt: iso(-hourMs),
        ageMs: hourMs,
        source: "usage",
        runsOutPercent: 40,
        basis: "analogs",
        historyDays: 20,
        isHistoryShort: false,
        windowMinutes: 300,
        resetsAt: iso(2 * hourMs + 600_000),
        emptyInMs: { p10: hourMs, p50: 1.5 * hourMs, p90: 1.9 * hourMs },
      },
    ],
    lastDay: { windowMinutes: 10_080, percentPerHour: [...Array.from({ length: 21 }, () => 0), 1, 0, 16] },
    credential: { expiresAt: null, lastRefreshAt: null, health: "unknown" },
    ...more,
  };
}

const hostile = "evil\u001b[2J\u202e@x.example";

const figures: Figures = {
  accounts: [
    account(1, "ada@personal.example"),
    account(2, "dev@team.example", {
      label: "work",
      state: "limited",
      stateReason: "the usage limit is reached",
    }),
    account(3, "a-rather-long-name-of-a-person@a-department.some-company.example", { state: "paused" }),
    account(4, hostile, { limits: [], state: "flagged", stateReason: "it was revoked" }),
    account(5, "田中太郎👍🏽@例え.example", { limits: [] }),
  ],
  recommendation: {
    kind: "use",
    id: "id-1",
    name: "ada@personal.example",
    until: null,
    reason: "51 % of the weekly quota left, 29 % of the week to go; 5 h window 69 % free",
    hint: null,
    explanation: "",
  },
  pool: {
    accounts: 5,
    ready: 2,
    isDry: false,
    horizonMs: 168 * hourMs,
    dryPercent: 80,
    dryInMs: { p10: 20 * hourMs, p50: 30 * hourMs, p90: 40 * hourMs },
    refills: [
      {
        id: "id-1",
        row: 1,
        name: "ada@personal.example",
        windowMinutes: 300,
        at: iso(2 * hourMs),
        refillPercent: 37,
      },
      { id: "id-2", row: 2, name: "work", windowMinutes: 10_080, at: iso(76 * hourMs), refillPercent: 81 },
    ],
    gaps: [{ from: iso(30 * hourMs), until: iso(76 * hourMs), id: "id-2", name: "work" }],
  },
  processes: [
    { pid: 41, kind: "session", startedAt: iso(-hourMs), holds: null },
    { pid: 42, kind: "exec", startedAt: iso(-hourMs), holds: "id-2" },
  ],
  commands: [
    { pid: 43, holds: "id-2", rotates: false },
    { pid: 44, holds: "id-1", rotates: true },
  ],
  decisions: [
    {
      at: iso(-30_000),
      server: "gateway",
      kind: "use",
      name: "work",
      client: "ci",
      reason: "best",
      outcome: "served",
    },
    {
      at: iso(-60_000),
      server: "rotation",
      kind: "use",
      name: "work",
      client: null,
      reason: "cache",
      outcome: null,
    },
    {
      at: iso(-120_000),
      server: "rotation",
      kind: "wait",
      name: null,
      client: null,
      reason: "exhausted",
      outcome: "429",
    },
  ],
};

async function ui(columns: number, more: Partial<Ui> = {}): Promise<Ui> {
  const settings = { colorLevel: 0 as const, columns, isTerminal: true, isUnicode: true, nowMs: testNowMs };
  return { ...(await makeUi(settings)), ...more };
}

test.each([50, 80, 120])("the screen fits %s columns and any number of rows", async (columns) => {
  for (const isUnicode of [true, false]) {
    for (const rows of [5, 12, 24, 60]) {
      for (const state of [firstState, { ...firstState, hasHelp: true, message: ["a word ".repeat(30)] }]) {
        const lines = screenLines(figures, state, await ui(columns, { isUnicode }), rows);
        expect(lines.length).toBeLessThanOrEqual(rows);
        expect(lines.filter((line) => displayWidth(line) > columns)).toEqual([]);
      }
    }
  }
});

test("the screen shows each account with its state, what is left, its resets, and what to use next", async () => {
  const text = screenLines(figures, firstState, await ui(100), 60).join("\n");
  expect(text).toContain("Use ada@personal.example next: 51 % of the weekly quota left");
  expect(text).toContain("❯ * 1 ada@personal.example  plus  ready, use it next");
  expect(text).toContain("    5 h    █████████████░░░░░░░   63 %  resets in 2 h 10 min");
  expect(text).toContain("2 work (dev@team.example)  plus  limited");
  expect(text).toContain("sign-in needed");
  expect(text).toMatch(/^━1━.*╌╌╌2━/m);
  expect(text).toMatch(/Pool: covered until about .*, back .* when work resets \(80 % risk/);
  expect(text).toContain("Running Codex: session 41, exec 42 with work.");
  expect(text).toContain(
    "Started by codex auth exec: process 43 with work, process 44 through a rotation proxy",
  );
  expect(text).toMatch(
    /Gateway \d\d:\d\d: use work for ci \(best\), served\nProxy \d\d:\d\d: use work \(cache\), runs\nProxy \d\d:\d\d: no account \(exhausted\), 429/,
  );
  expect(text).toContain("? help");
});

test("each card shows how the last day used its longest window, the newest hour last", async () => {
  const line = screenLines(figures, firstState, await ui(80), 60).find((each) => each.includes("24 h"));
  expect(line).toBe(`    24 h   ${" ".repeat(21)}▁ █  17 % of the week used in 24 h`);
  const ascii = screenLines(figures, firstState, await ui(80, { isUnicode: false }), 60).join("\n");
  expect(ascii).toContain(`${" ".repeat(21)}. #  17 %`);
  const idle = { ...figures, accounts: [account(1, "a@x.example", { lastDay: null })] };
  expect(screenLines(idle, firstState, await ui(80), 60).join("\n")).not.toContain("24 h");
});

test.each([
  [50, "Enter switch, p pause, r check, ? help, q quit"],
  [80, "arrows, Enter switch, p pause, r check, f figures, ? help, q quit"],
])("on %s columns the keys are named in one line", async (columns, keys) => {
  expect(screenLines(figures, firstState, await ui(columns), 60).at(-1)).toBe(keys);
});

test("f shows what only some want to see, and hides it again", async () => {
  const extra = { ...limit("codex_other/primary", 300, 10, hourMs), limitId: "codex_other" };
  const one = account(1, "a@x.example", { accountId: "acct-1", plan: "pro" });
  const only = { ...figures, accounts: [{ ...one, limits: [...one.limits, extra] }] };
  const full = after(["f"]).state;
  const text = screenLines(only, full, await ui(100), 60).join("\n");
  expect(text).toContain("5 h lasts 1 h to 1 h 50 min; low risk");
  expect(text).toContain("workspace acct-1");
  expect(text).toMatch(/5 h .* 90 %/);
  const plain = screenLines(only, after(["f"], full).state, await ui(100), 60).join("\n");
  expect(plain).not.toMatch(/low risk|workspace|90 %/);
});

test("a hostile name moves no cursor, and ASCII stays ASCII", async () => {
  const only = { ...figures, accounts: figures.accounts.slice(0, 4) };
  const text = screenLines(safeReport(only), firstState, await ui(80, { isUnicode: false }), 60).join("\n");
  expect(text).toMatch(/^[\n\u0020-\u007e]*$/);
  expect(text).toContain("evil\\u001b[2J\\u202e@x.example");
});

test("where not all accounts fit, the chosen one is shown", async () => {
  const accounts = Array.from({ length: 40 }, (_, index) => account(index + 1, `a${index + 1}@x.example`));
  const state = { ...firstState, chosenId: "id-30" };
  const text = screenLines({ ...figures, accounts }, state, await ui(80), 24).join("\n");
  expect(text).toContain("a30@x.example");
  expect(text).toMatch(/\d+ more above or below/);
});

const three = { ...figures, accounts: figures.accounts.slice(0, 3) };

// In eleven rows there were the timeline and who runs, and neither the keys nor what the accounts have left.
test.each([50, 80, 120])("in few rows the keys and the accounts stay, on %d columns", async (columns) => {
  for (let rows = 4; rows <= 40; rows += 1) {
    const lines = screenLines(three, firstState, await ui(columns), rows);
    const text = lines.join("\n");
    expect([rows, lines.at(-1)]).toEqual([rows, expect.stringContaining("? help, q quit")]);
    expect([rows, text]).toEqual([rows, expect.stringContaining("❯ * 1 ada@personal.example")]);
    if (rows < 8) continue;
    // Two windows of the chosen account, and the others at least by name and state.
    expect([rows, text]).toEqual([
      rows,
      expect.stringMatching(/5 h .*63 %[^]*week .*19 %[^]*2 work [^]*3 a-rather/),
    ]);
  }
});

test("what is needed least goes first where rows are few", async () => {
  const shown = async (rows: number) => {
    const text = screenLines(three, firstState, await ui(80), rows).join("\n");
    const parts = { next: /^Use ada/m, pool: /^Pool:/m, proxy: /^Proxy/m, runs: /^Running Codex/m };
    return Object.entries(parts).flatMap(([name, pattern]) => (pattern.test(text) ? [name] : []));
  };
  const steps = await Promise.all(Array.from({ length: 24 }, (_, index) => shown(index + 6)));
  const seen = [...new Set(steps.map((each) => each.join(" ")))];
  expect(seen).toEqual(["", "next", "next pool", "next pool proxy", "next pool proxy runs"]);
});

test("a question and a message stay too", async () => {
  const asks = screenLines(three, { ...firstState, asksAbout: "id-2" }, await ui(80), 8);
  expect(asks.at(-1)).toBe("Switch to work? y/n");
  const told = screenLines(three, { ...firstState, message: ["Paused work."] }, await ui(80), 8);
  expect(told.slice(-2)).toEqual(["Paused work.", expect.stringContaining("q quit")]);
});

test("the plain text of a pipe has no keys, meters or pointer", async () => {
  const text = plainLines(figures, await ui(80, { isTerminal: false })).join("\n");
  expect(text).not.toMatch(/[█❯]|quit/);
  expect(text).toContain("a-rather-long-name-of-a-person@a-department.some-company.example");
});

function after(keys: readonly string[], from: ViewState = firstState) {
  let last = pressed(from, keys[0] ?? "", figures.accounts);
  for (const key of keys.slice(1)) last = pressed(last.state, key, figures.accounts);
  return last;
}

test("arrows choose, Enter asks, and only y switches", () => {
  expect(after(["down", "enter"]).state.asksAbout).toBe("id-2");
  expect(after(["down", "enter", "y"]).action).toMatchObject({ kind: "run", argv: ["switch", "id-2"] });
  expect(after(["down", "enter", "n"]).action.kind).toBe("none");
  expect(after(["down", "enter", "q"]).state.message).toEqual(["Nothing was switched."]);
  expect(after(["enter"]).state.message).toEqual(["That account is active already."]);
  expect(after(["up", "enter"]).state.asksAbout).toBe("id-5");
});

test("p pauses and resumes the chosen account, r checks, and nothing starts while something runs", () => {
  expect(after(["down", "p"]).action).toMatchObject({ argv: ["pause", "id-2"] });
  expect(after(["down", "down", "p"]).action).toMatchObject({ argv: ["resume", "id-3"] });
  expect(after(["r"]).action).toMatchObject({ argv: ["check"] });
  expect(after(["r", "r"]).action.kind).toBe("none");
});

test.each(["q", "escape", "ctrl-c"])("%s leaves", (key) => {
  expect(after([key]).action.kind).toBe("quit");
});

test("Escape closes the help first", () => {
  expect(after(["?", "escape"])).toMatchObject({ state: { hasHelp: false }, action: { kind: "none" } });
});

// Both stood there as ada@personal.example.
test("two accounts of one e-mail have plan and row in the card, the question and beside a running Codex", async () => {
  const [first, ...others] = figures.accounts;
  const twin = account(6, "ada@personal.example", { plan: "pro" });
  const shared: Figures = {
    ...figures,
    accounts: [...(first ? [first] : []), twin, ...others],
    processes: [{ pid: 43, kind: "session", startedAt: iso(-hourMs), holds: "id-6" }],
  };
  const text = plainLines(shared, await ui(120)).join("\n");
  expect(text).toContain("* 1 ada@personal.example (plus, row 1)  ready");
  expect(text).toContain("  6 ada@personal.example (pro, row 6)  ready");
  expect(text).toContain("with ada@personal.example (pro, row 6).");
  expect(text).toContain("  2 work (dev@team.example)  plus  limited");
  const asking = screenLines(shared, { ...firstState, asksAbout: "id-6" }, await ui(120), 60).join("\n");
  expect(asking).toContain("Switch to ada@personal.example (pro, row 6)? y/n");
});
