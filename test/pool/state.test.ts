import { expect, test } from "vitest";
import { flagReasons } from "../../src/pool/marks.ts";
import { runFake, testNowMs } from "../support/fake-context.ts";
import { forgeAuthJson } from "../support/forge.ts";
import { TestHome } from "../support/home.ts";

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
