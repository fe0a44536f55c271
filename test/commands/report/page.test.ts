import { expect, test } from "vitest";
import type { ReportFigures } from "../../../src/commands/report/lines.ts";
import { reportPage, reportStyle } from "../../../src/commands/report/page.ts";
import { makeUi } from "../../../src/ui/ui.ts";

const nowMs = Date.UTC(2026, 10, 30, 9);
const hourMs = 3_600_000;
const hostile = `"><script>alert(1)</script>\u202e`;

const iso = (inHours: number) => new Date(nowMs + inHours * hourMs).toISOString();
const tokens = (million: number, apiUsd: number | null = million * 2) => ({
  inputTokens: million * 1e6,
  cachedInputTokens: million * 0.75e6,
  outputTokens: million * 1e5,
  apiUsd,
});

/** A pool that is used every day by everybody. */
function figures(count: number, dayCount: number): ReportFigures {
  const ids = Array.from({ length: count }, (_, index) => `id-${index + 1}`);
  const name = (id: string) => (id === "id-1" ? hostile : `person-${id}@a-company.example`);
  const day = (ago: number) => new Date(nowMs - ago * 24 * hourMs).toISOString().slice(0, 10);
  const days = Array.from({ length: dayCount }, (_, index) => day(dayCount - 1 - index));
  const points = Array.from({ length: 25 }, (_, at) => ({
    at: iso(at),
    p10: 80.1 - at,
    p50: 90.3 - at,
    p90: 95.7 - at,
  }));
  const window = (kind: string, windowMinutes: number) => ({
    kind,
    windowMinutes,
    remainingPercent: 63,
    resetsAt: iso(windowMinutes / 70),
    ageMs: 50 * hourMs,
    source: "usage",
    emptyInMs: { p10: hourMs, p50: 2 * hourMs, p90: 3 * hourMs },
    basis: "analogs" as const,
    historyDays: 20,
    isHistoryShort: false,
  });
  return {
    summary: { generatedAt: iso(0), accounts: count, ready: count, tokens: 1e9 },
    accounts: ids.map((id, index) => ({
      row: index + 1,
      active: index === 0,
      label: null,
      name: name(id),
      email: name(id),
      id,
      plan: "plus",
      kind: "chatgpt",
      state: "ready",
      stateReason: null,
      isReady: true,
      risk: "low",
      windows: [window("short", 300), window("long", 10_080)],
    })),
    usage: {
      since: days[0] ?? "",
      until: days.at(-1) ?? "",
      total: tokens(1000),
      days: days.map((each) => Object.assign({ day: each }, tokens(count))),
      accounts: ids.map((accountId) => Object.assign({ accountId, name: name(accountId) }, tokens(10))),
      models: [
        { model: "gpt-5.5", ...tokens(900) },
        { model: "new-model", ...tokens(100, null) },
      ],
      projects: Array.from({ length: 40 }, (_, at) =>
        Object.assign({ folder: `/home/ada/project-${at}` }, tokens(40 - at)),
      ),
      rows: days.flatMap((each) =>
        ids.map((accountId) => Object.assign({ day: each, accountId }, tokens(1))),
      ),
      calendar: Array.from({ length: 182 }, (_, ago) => ({ day: day(ago), tokens: (ago + 1) * 1e5 })),
    },
    forecast: {
      recommendation: {
        kind: "use",
        name: "id-2",
        reason: "it is full",
        explanation: "",
        until: null,
        hint: null,
      },
      pool: {
        isDry: false,
        accounts: count,
        horizonMs: 168 * hourMs,
        dryPercent: 70,
        dryInMs: { p10: hourMs, p50: 30 * hourMs, p90: 40 * hourMs },
        refills: ids.map((id, at) => ({
          row: at + 1,
          name: name(id),
          at: iso(at + 1),
          windowMinutes: 300,
          refillPercent: 37,
        })),
        gaps: [{ from: iso(30), until: iso(42), name: hostile }],
      },
      courses: ids.flatMap((accountId) => ["short", "long"].map((kind) => ({ accountId, kind, points }))),
    },
    findings: [{ severity: "warning", message: hostile, fix: null }],
    runtime: { version: "1", nodeVersion: "v20", platform: "linux-x64", codexHome: "/h", sessionFiles: 3 },
  };
}

async function page(count: number, days: number): Promise<string> {
  const ui = await makeUi({ colorLevel: 0, columns: 100, isTerminal: true, isUnicode: true, nowMs });
  return reportPage(figures(count, days), ui);
}

test("accounts, models and projects have a table each, with the cached share and the cost named as an equivalent", async () => {
  const text = await page(3, 30);
  expect([...text.matchAll(/data-table="(\w+)"/g)].map(([, name]) => name)).toEqual([
    "resets",
    "accounts",
    "models",
    "projects",
    "calendar",
  ]);
  expect(text).toContain('<th scope="col">API equivalent</th>');
  expect(text).toMatch(
    /gpt-5\.5<\/th><td[^>]*>900 M<\/td><td[^>]*>75 %<\/td><td[^>]*>90\.0 M<\/td><td>\$1800\.00/,
  );
  expect(text).toMatch(/new-model<\/th>.*?<td>unknown<\/td>/);
  expect(text).toContain("It is no bill");
  expect(text).toContain("25 more: codex auth report --json has all.");
  expect(text).toContain("as of 2 d 2 h ago");
});

test("the half year has a cell a day, and the seven days show what resets and when nothing is left", async () => {
  const text = await page(3, 30);
  expect(text.match(/<rect class="h[0-4]"/g)).toHaveLength(176);
  expect(text).toContain("<title>Mon 30 Nov: 100 k tokens</title>");
  expect(text).toContain('<i class="gap" style="left:17.86%;width:7.14%">');
  expect(text).toMatch(/back Wed 02 Dec \d\d:\d\d when/);
});

test("a long time is shown by weeks, and names that are markup stay text", async () => {
  const text = await page(2, 200);
  expect(text.match(/<li data-day/g)).toHaveLength(29);
  expect(text).not.toContain("<script>alert");
  expect(text).not.toContain("\u202e");
});

test("a large pool makes no large page", async () => {
  expect(Buffer.byteLength(await page(20, 62))).toBeLessThan(150_000);
});

test("two accounts of one e-mail are named with plan and row on their cards", async () => {
  const report = figures(3, 2);
  const email = "ada@personal.example";
  const [first, second, third] = report.accounts;
  if (!first || !second || !third) throw new Error("no accounts");
  const accounts = [{ ...first, name: email, email }, { ...second, name: email, email, plan: "pro" }, third];
  const ui = await makeUi({ colorLevel: 0, columns: 100, isTerminal: true, isUnicode: true, nowMs });
  const text = reportPage({ ...report, accounts }, ui);
  const titles = [...text.matchAll(/<article[^>]*><h3>(.*?)(?: <b|<\/h3>)/g)].map(([, title]) => title);
  expect(titles).toEqual([`${email} (plus, row 1)`, `${email} (pro, row 2)`, third.name]);
});

/** The colours of the page on a light and on a dark ground. */
function palettes(): [ground: string, colors: Map<string, string>][] {
  const dark = [...reportStyle.matchAll(/@media \(prefers-color-scheme:dark\)\{:root\{([^}]*)\}\}/g)];
  const light = reportStyle.replaceAll(/@media[^{]*\{:root\{[^}]*\}\}/g, "").matchAll(/:root\{([^}]*)\}/g);
  const read = (blocks: Iterable<RegExpMatchArray>) =>
    new Map(
      [...blocks].flatMap(([, text = ""]) =>
        [...text.matchAll(/--(\w+):(#[0-9a-f]{3,6})/g)].map(
          ([, name = "", value = ""]) => [name, value] as const,
        ),
      ),
    );
  return [
    ["light", read(light)],
    ["dark", read(dark)],
  ];
}

function luminance(color: string): number {
  const digits =
    color.length === 4
      ? (color.slice(1).match(/./g) ?? []).map((each) => each + each)
      : (color.slice(1).match(/../g) ?? []);
  const [red = 0, green = 0, blue = 0] = digits.map((each) => {
    const share = Number.parseInt(each, 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

test.each(palettes())(
  "on a %s ground every mark stands out by 3 to 1 and every text by 4.5 to 1",
  (_, colors) => {
    const faint = (names: string, least: number) =>
      names
        .split(" ")
        .filter((name) =>
          ["back", "card"].some(
            (ground) => contrast(colors.get(name) ?? "#000", colors.get(ground) ?? "#000") < least,
          ),
        );
    expect(faint("text dim good low bad fan", 4.5)).toEqual([]);
    expect(faint("c0 c1 c2 c3 c4 c5 h1 h2 h3 h4", 3)).toEqual([]);
    const levels = ["h1", "h2", "h3", "h4"].map((name) =>
      contrast(colors.get(name) ?? "", colors.get("card") ?? ""),
    );
    expect(levels).toEqual(levels.toSorted((a, b) => a - b));
  },
);
