import { runFake, testNowMs } from "./fake-context.ts";
import { forgeAuthJson, type Login } from "./forge.ts";
import { type TestHome, threeLogins } from "./home.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The three accounts, issued an hour before the tests' noon. */
export const datedLogins: Record<string, Login> = Object.fromEntries(
  Object.entries(threeLogins).map(([name, login]) => [
    name,
    { ...login, issuedAt: testNowMs / 1000 - 3600, expiresInSec: 86_400 },
  ]),
);

type Window = readonly [usedPercent: number, resetsInMs: number];

interface Report {
  atMs?: number;
  short?: Window | undefined;
  week?: Window | undefined;
  /** Tokens in and out since the session began. */
  total?: readonly [number, number];
}

/** Writes a rollout as Codex does, with a few of its lines. Resets are relative to the tests' noon. */
export function writeSession(
  home: TestHome,
  login: Login | undefined,
  reports: readonly Report[],
  model = "gpt-5.5",
): void {
  const startMs = (reports[0]?.atMs ?? testNowMs) - minuteMs;
  const id = `${login?.accountId ?? "none"}-${startMs}`;
  const meta = {
    id,
    timestamp: new Date(startMs).toISOString(),
    creator_account_id: login?.accountId,
    creator_user_id: login?.userId,
    model_provider: "openai",
  };
  const lines = [
    line(startMs, "session_meta", meta),
    line(startMs, "turn_context", { model }),
    ...reports.map((report) => tokenCount(report)),
  ];
  const day = new Date(startMs).toISOString().slice(0, 10).replaceAll("-", "/");
  home.write(`sessions/${day}/rollout-${id}.jsonl`, lines.join(""));
}

function tokenCount({ atMs = testNowMs - 12 * minuteMs, short, week, total }: Report): string {
  const window = (given: Window | undefined, minutes: number) =>
    given && { used_percent: given[0], window_minutes: minutes, resets_at: (testNowMs + given[1]) / 1000 };
  const usage = total && {
    input_tokens: total[0],
    cached_input_tokens: Math.floor(total[0] / 2),
    output_tokens: total[1],
    reasoning_output_tokens: 0,
  };
  return line(atMs, "event_msg", {
    type: "token_count",
    info: usage ? { total_token_usage: usage, last_token_usage: usage } : null,
    rate_limits: { limit_id: "codex", primary: window(short, 300), secondary: window(week, 10_080) },
  });
}

function line(atMs: number, type: string, payload: object): string {
  return `${JSON.stringify({ timestamp: new Date(atMs).toISOString(), type, payload })}\n`;
}

const { a, b, c } = datedLogins;

/** What a pool may look like; each is prepared on a home whose three logins were taken in. */
export const quotaScenarios = {
  "no-data": () => undefined,
  "three-accounts": threeAccounts,
  "one-account": (home: TestHome) =>
    writeSession(home, a, [{ short: [42, 2 * hourMs], week: [12, 3 * dayMs] }]),
  "all-limited": (home: TestHome) => {
    writeSession(home, a, [{ short: [100, 2 * hourMs], week: [60, 3 * dayMs] }]);
    writeSession(home, b, [{ short: [20, hourMs], week: [100, 4 * dayMs] }]);
    writeSession(home, c, [{ short: [100, 3 * hourMs], week: [99, dayMs] }]);
  },
  "all-flagged": (home: TestHome) => {
    writeSession(home, a, [{ short: [42, 2 * hourMs], week: [12, 3 * dayMs] }]);
    const flag = { reason: "revoked", since: "2026-11-19T08:00:00.000Z", evidence: null };
    const pool = home
      .read("codex-auth/pool.json")
      .replaceAll('"flag":null', `"flag":${JSON.stringify(flag)}`);
    home.write("codex-auth/pool.json", pool);
  },
  "unknown-plan": async (home: TestHome) => {
    const login = { ...a, accountId: "acct-new", email: "new@plan.example", plan: "ultra_max" };
    home.write("logins/d.json", forgeAuthJson(login));
    await runFake(home, ["import", "logins/d.json"]);
    writeSession(home, login, [{ short: [10, 2 * hourMs], week: [30, 3 * dayMs] }]);
  },
  "weekly-only": (home: TestHome) => {
    for (const login of [a, b, c]) writeSession(home, login, [{ week: [30, 3 * dayMs] }]);
  },
} satisfies Record<string, (home: TestHome) => void | Promise<void>>;

/** Four weeks of working days with a and b, and a c that was hardly used. */
function threeAccounts(home: TestHome): void {
  const today = Math.floor(testNowMs / dayMs) * dayMs;
  for (let day = 27; day >= 0; day -= 1) {
    const atMs = today - day * dayMs;
    const weekday = new Date(atMs).getUTCDay();
    if (weekday === 0 || weekday === 6) continue;
    workingDay(home, { login: a, atMs, perHour: 14, weekStartsMs: today - 4 * dayMs });
    workingDay(home, { login: b, atMs, perHour: 6, weekStartsMs: today - 2 * dayMs });
  }
  writeSession(home, c, [{ atMs: testNowMs - 26 * hourMs, week: [3, 5 * dayMs], short: [2, -22 * hourMs] }]);
}

interface WorkingDay {
  login: Login | undefined;
  atMs: number;
  /** Percent of a short window. */
  perHour: number;
  /** A start of a weekly window; every seven days before it another one began. */
  weekStartsMs: number;
}

/** From nine to five, a report every quarter of an hour. */
function workingDay(home: TestHome, { login, atMs, perHour, weekStartsMs }: WorkingDay): void {
  const reports: Report[] = [];
  for (let quarter = 0; quarter < 32; quarter += 1) {
    const reportMs = atMs + 9 * hourMs + quarter * 15 * minuteMs;
    if (reportMs > testNowMs) break;
    const inShort = quarter % 20;
    const shortEndMs = reportMs - inShort * 15 * minuteMs + 5 * hourMs;
    const weeks = Math.floor((reportMs - weekStartsMs) / (7 * dayMs));
    const weekStartMs = weekStartsMs + weeks * 7 * dayMs;
    const workDays = Math.floor((reportMs - weekStartMs) / dayMs);
    const used = perHour / 6;
    const weekUsed = Math.min(98, workDays * used * 5 + (quarter / 4) * used);
    reports.push({
      atMs: reportMs,
      short: [Math.min(99, Math.floor((inShort / 4) * perHour)), shortEndMs - testNowMs],
      week: [Math.floor(weekUsed), weekStartMs + 7 * dayMs - testNowMs],
      total: [(quarter + 1) * 40_000, (quarter + 1) * 2500],
    });
  }
  if (reports.length > 0) writeSession(home, login, reports);
}
