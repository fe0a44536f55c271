import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { flagReasons } from "../../src/pool/marks.ts";
import { runFake, testNowMs } from "../support/fake-context.ts";
import { forgeAuthJson } from "../support/forge.ts";
import { projectRoot, TestHome } from "../support/home.ts";

interface Told {
  state: string;
}

/** A pool of one account, with something written into its entry and into what is known of its quota. */
async function homeWith(entry: object, login: object = {}, block: object | null = null): Promise<TestHome> {
  const home = new TestHome();
  const issuedAt = testNowMs / 1000 - 60;
  const who = { email: "ada@example.com", userId: "a", accountId: "a", issuedAt, expiresInSec: 3600 };
  home.write("logins/a.json", forgeAuthJson({ ...who, ...login }));
  await runFake(home, ["import", "logins/a.json"]);
  const pool = JSON.parse(home.read("codex-auth/pool.json")) as { accounts: Record<string, unknown>[] };
  const [account = {}] = pool.accounts;
  pool.accounts = [{ ...account, ...entry }];
  home.write("codex-auth/pool.json", pool);
  if (block !== null) {
    const availability = { block, upstreamFailures: 0, lastUpstreamFailureMs: null, authFailures: 0 };
    const accounts = { [String(account["id"])]: { availability, limits: [] } };
    home.write("codex-auth/limits.json", { version: 1, accounts });
  }
  return home;
}

/** The state of the account in every document that has one, and how `report` counts it. */
async function toldBy(home: TestHome): Promise<Record<string, string>> {
  const document = async (...argv: string[]) =>
    JSON.parse((await runFake(home, [...argv, "--json"])).stdout) as {
      accounts: Told[];
      summary: Record<string, number>;
    };
  const list = (await document("list")).accounts[0]?.state ?? "";
  const forecast = (await document("forecast")).accounts[0]?.state ?? "";
  const report = await document("report");
  const counted = { backingOff: "backing-off" } as Record<string, string>;
  const kinds = ["ready", "limited", "paused", "flagged", "expired", "unclear", "backingOff"];
  const kind = kinds.find((each) => report.summary[each] === 1) ?? "none";
  return { list, forecast, report: report.accounts[0]?.state ?? "", counted: counted[kind] ?? kind };
}

const since = "2026-11-19T08:00:00.000Z";
const blockOf = (kind: string) => ({ kind, sinceMs: testNowMs - 60_000, untilMs: testNowMs + 3_600_000 });
const ended = { expiresInSec: 30, refreshToken: "" };

const cases: [what: string, state: string, entry: object, login?: object, block?: object][] = [
  ["nothing in its way", "ready", {}],
  ["a usage limit", "limited", {}, {}, blockOf("exhausted")],
  ["a request to wait", "limited", {}, {}, blockOf("transient")],
  ["a pause", "paused", { pausedAt: since }],
  ["an ended token and none to renew it", "expired", {}, ended],
  [
    "a flag beside a pause",
    "flagged",
    { pausedAt: since, flag: { reason: "revoked", since, evidence: null } },
  ],
  ...flagReasons.map((reason): [string, string, object] => [
    `a flag: ${reason}`,
    "flagged",
    { flag: { reason, since, evidence: null } },
  ]),
];

test.each(cases)(
  "%s: list, forecast and report call the account %s",
  async (_what, state, entry, login, block) => {
    const home = await homeWith(entry, login, block);
    expect(await toldBy(home)).toEqual({ list: state, forecast: state, report: state, counted: state });
  },
);

test("a trouble of the active account is told once, with one remedy", async () => {
  const home = await homeWith({ flag: { reason: "revoked", since, evidence: null } });
  await runFake(home, ["switch", "1", "--json"]);
  const { findings } = JSON.parse((await runFake(home, ["report", "--json"])).stdout) as {
    findings: { id: string }[];
  };
  expect(findings.filter(({ id }) => id === "login_flagged")).toHaveLength(1);
});

const src = join(projectRoot, "src");

/** Lines of the program that are no comment, and no text of Codex that `explain` is shown. */
function spokenLines(): string[] {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  return files.flatMap((name) =>
    readFileSync(join(src, name), "utf8")
      .split("\n")
      .filter((line) => !/^\s*(?:\/\/|\/?\*|example:)/.test(line))
      .map((line) => `${name}: ${line.trim()}`),
  );
}

// Both revoke the login that they find, on every machine.
test("nothing that codex-auth says names codex login or codex logout", () => {
  const lines = spokenLines();
  expect(lines.length).toBeGreaterThan(10_000);
  expect(lines.filter((line) => /\bcodex[\s`'"]+log(?:in|out)\b/.test(line))).toEqual([]);
});

const flag = { since: "2026-11-20T10:00:00.000Z", evidence: null };

/** Two accounts that nobody can use: one set aside, one ended without a refresh token. */
async function unusable(reason: string): Promise<{ home: TestHome; ids: string[] }> {
  const home = new TestHome();
  const issuedAt = testNowMs / 1000 - 7200;
  for (const name of ["a", "b"]) {
    const who = { email: `${name}@example.com`, userId: name, accountId: name, issuedAt, expiresInSec: 3600 };
    const document = forgeAuthJson(name === "b" ? { ...who, refreshToken: "" } : who);
    home.write(`logins/${name}.json`, document);
  }
  await runFake(home, ["import", home.file("logins")]);
  const pool = JSON.parse(home.read("codex-auth/pool.json")) as {
    accounts: { id: string; flag: object | null }[];
  };
  const [first] = pool.accounts;
  if (first) first.flag = { reason, ...flag };
  home.write("codex-auth/pool.json", pool);
  return { home, ids: pool.accounts.map(({ id }) => id) };
}

async function documentOf(home: TestHome, line: string) {
  const { stdout } = await runFake(home, [...line.split(" "), "--json"]);
  return JSON.parse(stdout) as {
    accounts: { stateReason: string | null }[];
    findings: { id: string; fix: string | null }[];
    recommendation: { hint: string };
    error: { hint: string };
  };
}

test.each([
  ["used-elsewhere", "codex auth login --account <id>"],
  ["interrupted", "codex auth login --account <id>"],
  ["rejected", "codex auth login --account <id>"],
  ["deactivated", "codex auth verify-flagged"],
  ["reported", "codex auth verify-flagged"],
])("every command names the same way out for an account that is %s: %s", async (reason, command) => {
  const { home, ids } = await unusable(reason);
  const [id = "", other = ""] = ids;
  const wanted = command.replace("<id>", id);
  const { accounts } = await documentOf(home, "list");
  expect(accounts[0]?.stateReason?.endsWith(`: ${wanted}`)).toBe(true);
  const { findings } = await documentOf(home, "report");
  const fixes = findings.filter(({ id: found }) => found.startsWith("login_")).map(({ fix }) => fix);
  expect([...new Set(fixes)]).toEqual(
    expect.arrayContaining([wanted, `codex auth login --account ${other}`]),
  );
  expect(fixes.filter((fix) => fix === "codex auth login")).toEqual([]);
  const { recommendation } = await documentOf(home, "forecast");
  expect(fixes).toContain(recommendation.hint);
});
