import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { expect, test } from "vitest";
import { userKeyOf } from "../../src/pool/account.ts";
import { parsePool } from "../../src/pool/pool.ts";
import { forgeAuthJson } from "../support/forge.ts";
import { runFake, testNowMs } from "../support/fake-context.ts";
import { TestHome, threeLogins } from "../support/home.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const issuedAt = testNowMs / 1000 - 3600;

interface Figure {
  window?: string;
  limitId?: string;
  used: number;
  minutes?: number | null;
  /** From now. */
  resetsInMs?: number | null;
  ageMs?: number;
}

function limit({
  window = "primary",
  limitId = "codex",
  used,
  minutes = 300,
  resetsInMs = hourMs,
  ageMs = 0,
}: Figure) {
  return {
    limitId,
    window,
    usedPercent: used,
    windowMinutes: minutes,
    resetsAtMs: resetsInMs === null ? null : testNowMs + resetsInMs,
    observedAtMs: testNowMs - ageMs,
    source: "usage",
  };
}

/** A home of three accounts, of the first of which these figures are known. */
async function homeWithFigures(
  figures: readonly Figure[],
  availability: object | null = null,
): Promise<TestHome> {
  const home = new TestHome();
  const dated = Object.entries(threeLogins).map(([name, login]) => [
    name,
    { ...login, issuedAt, expiresInSec: 86_400 },
  ]);
  home.writeLogins(Object.fromEntries(dated));
  await runFake(home, ["import", "logins"]);
  const { stdout } = await runFake(home, ["list", "--json"]);
  const { id } = JSON.parse(stdout).accounts[0];
  home.write("codex-auth/limits.json", {
    version: 1,
    accounts: { [id]: { limits: figures.map(limit), availability } },
  });
  return home;
}

async function listed(home: TestHome) {
  const { stdout } = await runFake(home, ["list", "--json"]);
  return JSON.parse(stdout).accounts[0];
}

function onTerminal(home: TestHome) {
  return runFake(home, ["list"], { terminalColumns: 110 });
}

const week = { window: "secondary", minutes: 10_080, resetsInMs: 50 * hourMs };

test("figures become columns with what remains and when it is full again", async () => {
  const home = await homeWithFigures([
    { used: 37, resetsInMs: 130 * minuteMs },
    { ...week, used: 80.4 },
  ]);
  const { stdout } = await onTerminal(home);
  expect(stdout.split("\n").slice(0, 3)).toEqual([
    "   #  ACCOUNT               WORKSPACE      PLAN      STATE  5 H LEFT             WEEK LEFT         LOGIN",
    "*  1  ada@personal.example  acct-personal  plus      ready  63 %, in 2 h 10 min  19 %, in 2 d 2 h  valid 23 h",
    "   2  dev@team.example      acct-team      business  ready                                         valid 23 h",
  ]);
});

// "WEEK 2 %" could be what is used.
test.each([50, 60, 80, 110])(
  "each head says that it counts what is left, at %d columns",
  async (terminalColumns) => {
    const home = await homeWithFigures([{ used: 37 }, { ...week, used: 98 }]);
    await runFake(home, ["label", "1", "personal"]);
    const { stdout } = await runFake(home, ["list"], { terminalColumns });
    expect(stdout).toMatch(/5 H LEFT\s+WEEK LEFT/);
  },
);

test("without any figure there is no column for them", async () => {
  const home = await homeWithFigures([]);
  expect((await onTerminal(home)).stdout).toMatch(/STATE {2}LOGIN\n/);
});

test("a weekly window in the first slot is told by its length", async () => {
  const home = await homeWithFigures([{ ...week, window: "primary", used: 10 }]);
  expect((await onTerminal(home)).stdout).toMatch(/STATE {2}WEEK LEFT +LOGIN\n/);
});

test("an old figure shows its age", async () => {
  const home = await homeWithFigures([{ used: 37, ageMs: 3 * hourMs }]);
  expect((await onTerminal(home)).stdout).toMatch(
    /5 H LEFT +SEEN +LOGIN\n.*63 %, (?:14:00 |13:00 )?in 1 h {2}3 h ago {2}valid/,
  );
});

test("a window whose reset has passed is full again", async () => {
  const home = await homeWithFigures([{ used: 100, resetsInMs: -minuteMs, ageMs: hourMs }]);
  expect(await listed(home)).toMatchObject({
    state: "ready",
    limits: [{ window: "primary", usedPercent: 0, remainingPercent: 100, resetsAt: null }],
  });
});

test("other limits keep their ids", async () => {
  const home = await homeWithFigures([
    { used: 1 },
    { limitId: "codex_other", used: 2 },
    { limitId: "codex_other", window: "secondary", used: 3 },
  ]);
  const { limits } = await listed(home);
  expect(limits.map(({ window }: { window: string }) => window)).toEqual([
    "primary",
    "codex_other",
    "codex_other/secondary",
  ]);
});

test("a reported 100 % is advice; only an answer that refused makes an account limited", async () => {
  expect((await listed(await homeWithFigures([{ used: 100 }]))).state).toBe("ready");
  const block = { kind: "exhausted", sinceMs: testNowMs - 1, untilMs: testNowMs + hourMs };
  const availability = { block, upstreamFailures: 0, lastUpstreamFailureMs: null, authFailures: 0 };
  expect(await listed(await homeWithFigures([{ used: 100 }], availability))).toMatchObject({
    state: "limited",
    stateReason: "the usage limit is reached, until 2026-11-20T13:00:00.000Z",
  });
});

test.each([
  ["torn", '{"version":1,"acc'],
  ["of another shape", '{"accounts":{"x":[]}}'],
  ["with a time that is none", "1e300"],
])("a limits.json that is %s costs no more than the figures", async (_, text) => {
  const home = await homeWithFigures([{ used: 1 }]);
  const file = "codex-auth/limits.json";
  home.write(file, text === "1e300" ? home.read(file).replaceAll(/Ms":\s*\d+/g, 'Ms":1e300') : text);
  expect((await runFake(home, ["list"])).code).toBe(0);
  expect((await listed(home)).state).toBe("ready");
});

test("a renewal that was interrupted is named with its time, for people by the clock on the wall", async () => {
  const home = await homeWithRenewal();
  const list = await runFake(home, ["list"]);
  expect(list.stderr).toMatch(
    /^A renewal of ada@personal\.example \(plus, row 1\) was interrupted at 11:58\. /,
  );
  const status = JSON.parse((await runFake(home, ["status", "--json"])).stdout);
  expect(status.findings).toMatchObject([{ id: "refresh_interrupted", severity: "warning" }]);
  expect(status.findings[0].message).toContain("at 2026-11-20T11:58:00.000Z");
});

test("a renewal of a machine that cannot be asked goes on while it holds its lock", async () => {
  const home = await homeWithRenewal();
  const [account] = parsePool(home.read("codex-auth/pool.json"), "").accounts;
  const lock = `codex-auth/locks/refresh-${account && userKeyOf(account)}.lock/owner.json`;
  home.write(lock, { ...renewing(), token: "0123456789abcdef", purpose: "refresh", since: "" });
  expect((await runFake(home, ["list"])).stderr).toBe("");
});

/** Its record is of an earlier version, so that nobody can tell whether the process was one of this machine. */
async function homeWithRenewal(): Promise<TestHome> {
  const home = await homeWithFigures([]);
  const pool = JSON.parse(home.read("codex-auth/pool.json"));
  pool.accounts[0].refresh = {
    kind: "intent",
    fingerprint: "0".repeat(16),
    startedAt: "2026-11-20T11:58:00.000Z",
    attempts: 0,
    process: renewing(),
  };
  home.write("codex-auth/pool.json", pool);
  return home;
}

function renewing() {
  return { pid: 1, start: "0", boot: "another boot", pidNamespace: null, host: hostname() };
}

test("status shows what remains of the active account", async () => {
  const home = await homeWithFigures([{ used: 37, resetsInMs: 130 * minuteMs }]);
  expect((await runFake(home, ["status"])).stdout).toMatch(/^Quota: 5 H 63 % left, resets in 2 h 10 min$/m);
});

test("a login of Codex that is not in the pool is named, with what to type, and only while it is not", async () => {
  const home = await homeWithFigures([]);
  home.write("auth.json", forgeAuthJson({ email: "new@x.example", userId: "user-new", issuedAt }));
  const { stdout, stderr } = await runFake(home, ["list"]);
  expect(stdout).not.toContain("new@x.example");
  expect(stderr).toBe("The login in auth.json (new@x.example) is not in the pool. Type: codex auth import\n");
  const { findings } = JSON.parse((await runFake(home, ["list", "--json"])).stdout);
  expect(findings).toMatchObject([{ id: "login_unknown", fix: "codex auth import" }]);
  await runFake(home, ["import"]);
  const after = await runFake(home, ["list"]);
  expect([after.stdout.includes("new@x.example"), after.stderr]).toEqual([true, ""]);
});

test("an account that is on its way into a database is named, with the command that ends the move", async () => {
  const home = new TestHome();
  home.write(
    "codex-auth/pool.json",
    JSON.parse(
      readFileSync(
        new URL("../../fixtures/homes/account-moving/home/codex-auth/pool.json", import.meta.url),
        "utf8",
      ),
    ) as object,
  );
  const { stdout, stderr } = await runFake(home, ["list"]);
  expect(stdout).not.toMatch(/dev@team\.example/);
  expect(stderr).toMatch(
    /dev@team\.example.*nobody can use it\. Type: codex auth gateway adopt dcff4cbf28d0\n/,
  );
});
