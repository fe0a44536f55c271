import { expect, test } from "vitest";
import type { Context } from "../../../src/context.ts";
import { runFake, testNowMs } from "../../support/fake-context.ts";
import type { FakeOpenAI } from "../../support/openai/server.ts";
import { homeWithThree, TestHome } from "../../support/home.ts";
import { startFake } from "../../support/login.ts";

/** A clock that moves only while somebody sleeps. */
function device(home: TestHome, fake: FakeOpenAI, flags: readonly string[] = ["--device-auth"]) {
  let nowMs = testNowMs;
  const sleeps: number[] = [];
  const allowed: Partial<Context> = {
    fetch: (url, init) => fetch(url, init),
    env: { LANG: "C.UTF-8", CODEX_AUTH_INVOKED_AS: "codex auth", CODEX_AUTH_ISSUER: fake.url },
    now: () => nowMs,
    sleep: (ms) => {
      sleeps.push(ms);
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const running = runFake(home, ["login", ...flags], allowed);
  return running.then((result) => ({ ...result, sleeps }));
}

test("a code that is entered after a while ends the device login", async () => {
  const home = new TestHome();
  const fake = await startFake();
  fake.authorizer.next = { email: "new@example.com" };
  fake.authorizer.pendingPolls = 3;
  const { code, stdout, stderr, sleeps } = await device(home, fake, ["--device-auth", "--label", "new"]);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^Added new \(new@example\.com\), plus\./)]);
  expect(stderr).toContain(`\n${fake.url}/codex/device\n`);
  expect(stderr).toContain("ABCD-12345");
  expect([sleeps, fake.count("devicePoll")]).toEqual([[1000, 1000, 1000, 1000], 4]);
  for (const secret of fake.authorizer.secrets) expect(stdout + stderr).not.toContain(secret);
});

test("a code that nobody enters ends after 15 minutes, and nothing is changed", async () => {
  const home = await homeWithThree();
  const before = home.read("codex-auth/pool.json");
  const fake = await startFake();
  fake.authorizer.pendingPolls = Infinity;
  const { code, stderr } = await device(home, fake);
  expect([code, stderr]).toEqual([1, expect.stringContaining("not entered within 15 minutes")]);
  expect(fake.count("devicePoll")).toBe(15 * 60);
  expect(home.read("codex-auth/pool.json")).toBe(before);
});

test("where device codes are disabled, the ways that remain are named", async () => {
  const fake = await startFake();
  fake.authorizer.hasDeviceCodes = false;
  const { code, stdout, stderr } = await device(new TestHome(), fake, ["--device-auth", "--json"]);
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { error: { code: "device_login_disabled" } }]);
  expect(stderr.replaceAll("\n", " ")).toContain(
    "may be disabled by your workspace admin; ask them, or copy an auth.json (codex auth import), or use an API key",
  );
});

test("a bad moment of the issuer does not end the wait; a refusal does", async () => {
  const fake = await startFake();
  const answers = [503, 429, 500, 400];
  fake.routes.devicePoll = () => ({ status: answers.shift() ?? 500, body: { error: "expired_token" } });
  const { code, stderr } = await device(new TestHome(), fake);
  expect([code, stderr]).toEqual([1, expect.stringContaining("ended the device login: HTTP 400")]);
  expect(fake.count("devicePoll")).toBe(4);
});

// The first page of a portal or of a network proxy ended the login.
test("a page that is no answer of the issuer does not end the wait", async () => {
  const fake = await startFake();
  const confirm = fake.routes.devicePoll;
  const pages = [200, 400, 407, 302];
  fake.routes.devicePoll = (...args) => {
    const status = pages.shift();
    return status === undefined ? confirm(...args) : { status, body: "<html>Sign in to the network</html>" };
  };
  const { code, stdout } = await device(new TestHome(), fake);
  expect([code, stdout, fake.count("devicePoll")]).toEqual([0, expect.stringContaining("Added"), 5]);
});

test("an issuer that cannot be reached is told at once", async () => {
  const fake = await startFake();
  const env = { CODEX_AUTH_ISSUER: fake.url };
  await fake.close();
  const { code, stderr } = await new TestHome().run(["login", "--device-auth"], { env });
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining("The login server cannot be reached: ECONNREFUSED."),
  ]);
});

test("too many requests for codes keep what the issuer says, and how long to wait", async () => {
  const fake = await startFake();
  const body = { error: { message: "Too many device codes from here. Slow down.", code: "rate_limited" } };
  fake.routes.deviceCode = () => ({ status: 429, body, headers: { "retry-after": "120" } });
  const { code, stdout, stderr } = await device(new TestHome(), fake, ["--device-auth", "--json"]);
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { error: { code: "device_code_limited" } }]);
  expect(stderr).toContain("HTTP 429: Too many device codes from here. Slow down.");
  expect(stderr).toContain("in 2 minutes");
  expect(stderr).toContain("codex auth login --manual");
  expect(stderr).not.toContain("Start again");
});

test("a refusal that says what to switch on is told as it is", async () => {
  const fake = await startFake();
  const message = "Enable device code authorization for Codex in ChatGPT Security Settings";
  fake.routes.deviceCode = () => ({
    status: 400,
    body: { error: { message, code: "device_code_disabled" } },
  });
  const { code, stdout, stderr } = await device(new TestHome(), fake, ["--device-auth", "--json"]);
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { error: { code: "device_login_disabled" } }]);
  expect(stderr).toContain(message);
  fake.routes.deviceCode = () => ({ status: 403, body: "<html>Just a moment...</html>" });
  const blocked = await device(new TestHome(), fake);
  expect(blocked.stderr).toContain("HTTP 403");
  expect(blocked.stderr).toContain("codex auth doctor --live");
});

test("while it waits for the code, the wait is as long as the issuer asks", async () => {
  const fake = await startFake();
  fake.authorizer.next = { email: "new@example.com" };
  const usual = fake.routes.devicePoll;
  let polls = 0;
  fake.routes.devicePoll = (request) =>
    (polls += 1) === 1 ? { status: 429, body: {}, headers: { "retry-after": "30" } } : usual(request);
  const { code, sleeps } = await device(new TestHome(), fake);
  expect([code, sleeps]).toEqual([0, [1000, 30_000]]);
});

test("an answer that is no device code, and tokens that are incomplete, are refused", async () => {
  const fake = await startFake();
  fake.routes.deviceCode = () => ({ status: 200, body: "<html>" });
  expect((await device(new TestHome(), fake)).stderr).toContain("gave no device code: HTTP 200");
  const other = await startFake();
  other.routes.exchange = () => ({ status: 200, body: { access_token: "marked-token" } });
  const { code, stdout, stderr } = await device(new TestHome(), other);
  expect([code, stderr]).toEqual([1, expect.stringContaining("left out a token")]);
  expect(stdout + stderr).not.toContain("marked-token");
});

test("Ctrl-C ends the wait for the code", async () => {
  const home = new TestHome();
  const fake = await startFake();
  fake.authorizer.pendingPolls = Infinity;
  const { CodexAuthError } = await import("../../../src/errors/codex-auth-error.ts");
  const stop = new AbortController();
  const { code } = await runFake(home, ["login", "--device-auth"], {
    fetch: (url, init) => fetch(url, init),
    env: { CODEX_AUTH_ISSUER: fake.url },
    interruptible: (work) => work(stop.signal),
    sleep: () => Promise.resolve(stop.abort(new CodexAuthError("interrupted", "Stopped."))),
  });
  expect([code, fake.count("devicePoll")]).toEqual([130, 0]);
});

test("where no browser is expected, the device flow comes first and the other way is told", async () => {
  const fake = await startFake();
  const { code, stderr } = await runFake(new TestHome(), ["login"], {
    fetch: (url, init) => fetch(url, init),
    env: { SSH_CONNECTION: "203.0.113.1 5 203.0.113.2 22", CODEX_AUTH_ISSUER: fake.url },
    sleep: () => Promise.resolve(),
  });
  expect(code).toBe(0);
  expect(stderr).toContain("because this is an SSH session. Using a code instead.");
  expect(stderr).toContain("codex auth login --browser");
});
