import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runFake, testNowMs } from "../../support/fake-context.ts";
import { TestHome } from "../../support/home.ts";
import { datedLogins, quotaScenarios, writeSession } from "../../support/quota-scenarios.ts";

const { a, b } = datedLogins;
const hourMs = 3_600_000;

async function pool(...logins: string[]): Promise<TestHome> {
  const home = new TestHome();
  home.writeLogins(datedLogins);
  const files = logins.length > 0 ? logins.map((name) => `logins/${name}.json`) : ["logins"];
  await runFake(home, ["import", ...files]);
  return home;
}

interface Document {
  accounts: {
    id: string;
    state: string;
    isReady: boolean;
    risk: string;
    windows: { usedPercent: number; source: string }[];
  }[];
  recommendation: { kind: string; id: string | null; until: string | null };
}

async function forecast(home: TestHome): Promise<Document> {
  return JSON.parse((await runFake(home, ["forecast", "--json"])).stdout) as Document;
}

function storedLimit(usedPercent: number, observedAtMs: number) {
  const limit = { limitId: "codex", window: "primary", usedPercent, windowMinutes: 300 };
  return { ...limit, resetsAtMs: testNowMs + hourMs, observedAtMs, source: "usage" };
}

function storeUsage(home: TestHome, id: string, usage: object): void {
  home.write("codex-auth/limits.json", { version: 1, accounts: { [id]: { availability: null, ...usage } } });
}

test.each([
  ["newer", 60_000, 77, "usage"],
  ["older", 3 * hourMs, 42, "session"],
])("a %s figure of limits.json against the session logs", async (_what, ageMs, expected, source) => {
  const home = await pool("a");
  writeSession(home, a, [{ short: [42, 2 * hourMs] }]);
  const [{ id } = { id: "" }] = (await forecast(home)).accounts;
  storeUsage(home, id, { limits: [storedLimit(77, testNowMs - ageMs)] });
  const { accounts } = await forecast(home);
  expect(accounts[0]?.windows[0]).toMatchObject({ usedPercent: expected, source });
});

test("a block that upstream set holds until a newer report shows that the limit is gone", async () => {
  const home = await pool("a");
  const [{ id } = { id: "" }] = (await forecast(home)).accounts;
  const block = { kind: "exhausted", sinceMs: testNowMs - 2 * hourMs, untilMs: testNowMs + hourMs };
  const availability = { block, upstreamFailures: 0, lastUpstreamFailureMs: null, authFailures: 0 };
  storeUsage(home, id, { limits: [], availability });
  expect((await forecast(home)).accounts[0]).toMatchObject({ state: "limited", isReady: false });
  writeSession(home, a, [{ short: [3, 2 * hourMs] }]);
  expect((await forecast(home)).accounts[0]).toMatchObject({ state: "ready", isReady: true });
});

test("a paused account is passed over, and an account at its limit is not recommended", async () => {
  const home = await pool("a", "b");
  writeSession(home, b, [{ short: [100, 2 * hourMs], week: [10, 90 * hourMs] }]);
  await runFake(home, ["pause", "dev@"]);
  const before = await forecast(home);
  expect(before.recommendation.kind).toBe("use");
  await runFake(home, ["pause", "ada@"]);
  await runFake(home, ["resume", "dev@"]);
  const { recommendation } = await forecast(home);
  expect(recommendation).toMatchObject({
    kind: "wait",
    until: new Date(testNowMs + 2 * hourMs).toISOString(),
  });
});

test("an account that was not paused is not said to be back in use", async () => {
  const home = await pool("a");
  expect((await runFake(home, ["resume", "1"])).stdout).toBe("ada@personal.example was not paused.\n");
  await runFake(home, ["pause", "1"]);
  expect((await runFake(home, ["pause", "1"])).stdout).toBe("ada@personal.example was paused already.\n");
  expect((await runFake(home, ["resume", "1"])).stdout).toBe("ada@personal.example is in use again.\n");
});

test("commands that look make no store, and in one only their cache", async () => {
  const commands = ["forecast", "why", "guard", "statusline", "report"];
  const empty = new TestHome();
  writeSession(empty, a, [{ short: [42, 2 * hourMs] }]);
  for (const command of commands) await runFake(empty, [command]);
  expect(existsSync(empty.file("codex-auth"))).toBe(false);

  const home = await pool();
  quotaScenarios["three-accounts"](home);
  const before = readdirSync(home.file("codex-auth"));
  for (const command of commands) await runFake(home, [command]);
  expect(readdirSync(home.file("codex-auth"))).toEqual([...before, "sessions"].sort());
  expect(readdirSync(home.file("codex-auth/sessions")).sort()).toEqual([
    "history.json",
    "limits.json",
    "newest.json",
    "usage.json",
  ]);
});

test("a damaged cache gives the same answer as none", async () => {
  const home = await pool();
  quotaScenarios["three-accounts"](home);
  const { stdout } = await runFake(home, ["report", "--json"]);
  const names = readdirSync(home.file("codex-auth/sessions"));
  const damages = [
    "",
    "{",
    "[]",
    '{"version":1,"files":{"x":{}}}',
    '{"version":1,"files":[7],"accounts":{"x":7}}',
  ];
  for (const text of damages) {
    for (const name of names) writeFileSync(home.file(`codex-auth/sessions/${name}`), text);
    expect((await runFake(home, ["report", "--json"])).stdout).toBe(stdout);
  }
});

test("a report file is new and readable for its owner only", async () => {
  const home = await pool();
  for (const name of ["report.html", "report.json", "report.txt"]) {
    expect((await runFake(home, ["report", "--out", name])).code).toBe(0);
    expect(statSync(home.file(name)).mode & 0o777).toBe(0o600);
  }
  expect(home.read("report.html")).toMatch(/^<!doctype html>/);
  expect(JSON.parse(home.read("report.json"))).toMatchObject({ command: "report", ok: true });
  expect(home.read("report.txt")).toMatch(/^Codex accounts/);
  const again = await runFake(home, ["report", "--out", "report.txt"]);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("exists already") });
});

test("no token is in a report, as page or as JSON", async () => {
  const home = await pool();
  const page = (await runFake(home, ["report", "--html"])).stdout;
  const json = (await runFake(home, ["report", "--json"])).stdout;
  for (const text of [page, json]) expect(text).not.toMatch(/eyJ|rt_user/);
});

test("switch --auto makes the recommended account the live one", async () => {
  const home = await pool();
  quotaScenarios["three-accounts"](home);
  const { recommendation } = await forecast(home);
  const { code, stdout } = await runFake(home, ["switch", "--auto", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    account: { id: recommendation.id },
    reason: expect.any(String),
  });
});
