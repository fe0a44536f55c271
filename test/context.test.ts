import { existsSync, readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import type { Context } from "../src/context.ts";
import { runFake, terminal, testNowMs } from "./support/fake-context.ts";
import { forgeAuthJson, type Login } from "./support/forge.ts";
import { TestHome } from "./support/home.ts";

const nowSec = testNowMs / 1000;
const hour = 3600;

async function homeWith(login: object): Promise<TestHome> {
  const home = new TestHome();
  home.write("logins/a.json", login);
  const { code, stderr } = await runFake(home, ["import", "logins"]);
  if (code !== 0) throw new Error(stderr);
  return home;
}

/** One account whose access token ends in so many seconds. */
function homeEndingIn(expiresInSec: number, more: object = {}): Promise<TestHome> {
  const login: Login = { issuedAt: nowSec, expiresInSec, refreshToken: "rt_marked" };
  return homeWith({ ...forgeAuthJson(login), ...more });
}

const noRenewal: Partial<Context> = { renew: () => Promise.reject(new Error("no renewal was to be made")) };

test("a lease has the access token and nothing that outlives it", async () => {
  const home = await homeEndingIn(2 * hour, { OPENAI_API_KEY: "sk-marked", agent_identity: "secret-marked" });
  const out = home.file("lease.json");
  const done = await runFake(home, ["export", "1", "--lease", "--out", out], noRenewal);
  expect(done).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/ends at 2026-11-20 14:00 UTC\.\n.*make a new one/),
  });
  const text = readFileSync(out, "utf8");
  expect(text).not.toMatch(/marked/);
  expect(JSON.parse(text)).toEqual({
    auth_mode: "chatgptAuthTokens",
    OPENAI_API_KEY: null,
    tokens: { ...forgeAuthJson({ issuedAt: nowSec, expiresInSec: 2 * hour }).tokens, refresh_token: "" },
    last_refresh: new Date(testNowMs).toISOString(),
  });
  expect(statSync(out).mode & 0o777).toBe(0o600);
});

test("its JSON says when it ends, and that it shares nothing", async () => {
  const home = await homeEndingIn(2 * hour);
  const words = ["export", "1", "--lease", "--out", home.file("lease.json"), "--json"];
  const { stdout } = await runFake(home, words, noRenewal);
  expect(JSON.parse(stdout)).toMatchObject({
    lease: true,
    sharesRefreshToken: false,
    files: [{ endsAt: "2026-11-20T14:00:00.000Z", isShort: false }],
  });
});

test.each([
  ["ends in two hours and --for asks for three", 2 * hour, ["--for", "3h"], true],
  ["ends in two hours and --for asks for one", 2 * hour, ["--for", "1h"], false],
  ["ends in a minute", 60, [], true],
])("a token that %s: renewed %s", async (_, expiresInSec, flags, isRenewed) => {
  const home = await homeEndingIn(expiresInSec);
  let renewals = 0;
  const renew: Context["renew"] = () => {
    renewals += 1;
    return Promise.resolve({ kind: "unreachable", code: "ENOTFOUND" });
  };
  const out = home.file("lease.json");
  const done = await runFake(home, ["export", "1", "--lease", "--out", out, ...flags], { renew });
  expect(renewals).toBe(isRenewed ? 1 : 0);
  // What could not be renewed serves until it ends, and that is said.
  expect([done.code, done.stderr.includes("sooner than --for asks")]).toEqual([0, flags[1] === "3h"]);
});

test("a token that has ended and cannot be renewed makes no lease", async () => {
  const home = await homeEndingIn(-60);
  const renew: Context["renew"] = () => Promise.resolve({ kind: "unreachable", code: "ENOTFOUND" });
  const out = home.file("lease.json");
  const done = await runFake(home, ["export", "1", "--lease", "--out", out], { renew });
  expect([done.code, existsSync(out)]).toEqual([1, false]);
});

test.each([
  [["--format", "bundle"], "A lease is an auth.json of Codex."],
  [["--for", "soon"], "Not a time: soon"],
])("--lease %j is refused", async (flags, message) => {
  const home = await homeEndingIn(2 * hour);
  const { code, stderr } = await runFake(home, ["export", "1", "--lease", ...flags], noRenewal);
  expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
});

test("--for without --lease is refused, and a terminal is not shown the token", async () => {
  const home = await homeEndingIn(2 * hour);
  expect((await runFake(home, ["export", "1", "--for", "1h"])).stderr).toContain("--for is about a lease.");
  let shown = "";
  const stdout = terminal((text) => void (shown += text));
  const { code } = await runFake(home, ["export", "1", "--lease"], { ...noRenewal, stdout });
  expect([code, shown]).toEqual([1, ""]);
});

test("there is no lease of an API key", async () => {
  const home = await homeWith({ auth_mode: "apikey", OPENAI_API_KEY: "sk-test-0001" });
  const { code, stderr, stdout } = await runFake(home, ["export", "1", "--lease"], noRenewal);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^There is no lease of .*: it has no access token that ends\.\n/);
});
