import { chmodSync, existsSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { expect, test as ofAnyMachine } from "vitest";
import { homeWithThree, TestHome } from "../../support/home.ts";
import {
  hasProc,
  hasPorts,
  occupy,
  ports,
  portsAreFree,
  RunningLogin,
  startFake,
} from "../../support/login.ts";

// The built binary as a process, on the real ports: every test that needs these is in this file, one after another.
const test = ofAnyMachine.skipIf(!(await hasPorts()));

async function startLogin(flags: readonly string[] = [], home = new TestHome()) {
  await expect.poll(portsAreFree).toBe(true);
  const fake = await startFake();
  fake.authorizer.next = { email: "new@example.com", accountId: "acct-new", userId: "user-new" };
  const login = new RunningLogin(home, fake, ["--browser", ...flags]);
  return { fake, home, login };
}

/** What must be as it was: every file of the store and the live login. */
function stateOf(home: TestHome): (string | null)[] {
  return ["auth.json", "codex-auth/pool.json"].map((name) =>
    existsSync(home.file(name)) ? readFileSync(home.file(name), "utf8") : null,
  );
}

test("a client that follows the redirects ends a browser login", async () => {
  const { fake, home, login } = await startLogin(["--json"]);
  const url = await login.url();
  const page = await fetch(url);
  expect({ status: page.status, text: await page.text() }).toEqual({
    status: 200,
    text: expect.stringContaining("Signed in"),
  });
  expect(page.url).toMatch(/^http:\/\/127\.0\.0\.1:145[57]\/success$/);
  const { code, stdout, stderr } = await login.finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(url.href) });
  expect(JSON.parse(stdout)).toMatchObject({
    command: "login",
    ok: true,
    flow: "browser",
    outcome: "added",
    switched: false,
    account: { email: "new@example.com", accountId: "acct-new", active: false, state: "ready" },
  });
  expect(existsSync(home.file("auth.json"))).toBe(false);
  expect(fake.authorizer.secrets).toHaveLength(5);
  for (const secret of fake.authorizer.secrets) expect(stdout + stderr).not.toContain(secret);
  expect(await portsAreFree()).toBe(true);
});

test("the address has exactly the parameters that Codex sends", async () => {
  const { fake, login } = await startLogin();
  const url = await login.url();
  expect(url.origin + url.pathname).toBe(`${fake.url}/oauth/authorize`);
  expect(Object.fromEntries(url.searchParams)).toEqual({
    response_type: "code",
    client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
    redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:145[57]\/auth\/callback$/),
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: "S256",
    state: expect.stringMatching(/^[\w-]{43}$/),
    scope: "openid profile email offline_access api.connectors.read api.connectors.invoke",
    id_token_add_organizations: "true",
    codex_cli_simplified_flow: "true",
    originator: "codex_cli_rs",
  });
});

test("a forced workspace is asked for", async () => {
  const home = new TestHome();
  home.write("config.toml", 'forced_chatgpt_workspace_id = "acct-new"\n');
  const { login } = await startLogin([], home);
  expect((await login.url()).searchParams.get("allowed_workspace_id")).toBe("acct-new");
});

test("the browser is opened with the address", async () => {
  await expect.poll(portsAreFree).toBe(true);
  const home = new TestHome();
  const browser = home.write("browser", `#!/bin/sh\necho "$1" > '${home.file("opened")}'\n`);
  chmodSync(browser, 0o755);
  const login = new RunningLogin(home, await startFake(), ["--browser"], { BROWSER: browser });
  const url = await login.url();
  await expect.poll(() => existsSync(home.file("opened"))).toBe(true);
  await expect.poll(() => home.read("opened")).toBe(`${url.href}\n`);
});

test("a login goes on where no browser can be opened", async () => {
  await expect.poll(portsAreFree).toBe(true);
  const fake = await startFake();
  const login = new RunningLogin(new TestHome(), fake, ["--browser"], { PATH: "", BROWSER: "none-such" });
  await fetch(await login.url());
  expect((await login.finished).code).toBe(0);
});

test("the stored document is the one that Codex writes", async () => {
  const { fake, home, login } = await startLogin(["--switch"]);
  await fetch(await login.url());
  const { code, stdout } = await login.finished;
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("active account now") });
  const [, , id, access, refresh] = fake.authorizer.secrets;
  expect(JSON.parse(home.read("auth.json"))).toEqual({
    auth_mode: "chatgpt",
    OPENAI_API_KEY: null,
    tokens: {
      id_token: id,
      access_token: access,
      refresh_token: refresh,
      oauth_provenance: { issuer: fake.url, client_id: "app_EMoamEEZ73f0CkXaXp7hrann" },
      account_id: "acct-new",
    },
    last_refresh: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  });
});

/** What an old tab, any web page, or a user of this machine can send: none of them knows the state. */
const wrongAnswers: [string, (callback: URL) => void][] = [
  ["the state of an older login", ({ searchParams }) => searchParams.set("state", "of-somebody-else")],
  ["no state", ({ searchParams }) => searchParams.delete("state")],
  ["nothing", (url) => (url.search = "")],
  ["a refusal of another login", (url) => (url.search = "error=access_denied&state=x")],
  ["two states, the right one last", (url) => (url.search = `?state=x&${url.search.slice(1)}`)],
  ["the start of the state", ({ searchParams }) => cutState(searchParams)],
  ["our state and no code", ({ searchParams }) => searchParams.delete("code")],
  ["our state and a blank code", ({ searchParams }) => searchParams.set("code", "")],
];

function cutState(query: URLSearchParams): void {
  query.set("state", query.get("state")?.slice(0, -1) ?? "");
}

// The first answer of anybody ended the login: a tab left open, a page, `curl` of another user.
test("wrong answers are refused, however many, and the login goes on waiting for the right one", async () => {
  const home = await homeWithThree();
  const { fake, login } = await startLogin(["--json"], home);
  const callback = await login.callback();
  for (const [what, spoil] of [...wrongAnswers, ...wrongAnswers]) {
    const wrong = new URL(callback);
    spoil(wrong);
    const page = await fetch(wrong);
    expect([what, page.status, await page.text()]).toEqual([
      what,
      400,
      expect.stringContaining("still waits"),
    ]);
  }
  expect(fake.count("exchange")).toBe(0);
  expect((await fetch(callback)).url).toMatch(/\/success$/);
  const { code, stdout, stderr } = await login.finished;
  expect([code, JSON.parse(stdout), fake.count("exchange")]).toEqual([
    0,
    expect.objectContaining({ outcome: "added" }),
    1,
  ]);
  expect(stderr.match(/belongs to another login/g)).toHaveLength(1);
  expect(await portsAreFree()).toBe(true);
});

test("a wrong answer while the right one is exchanged changes nothing", async () => {
  const { fake, login } = await startLogin();
  const answer = fake.hold("exchange");
  const callback = await login.callback();
  const first = fetch(callback);
  await answer.arrived;
  const wrong = new URL(callback);
  wrong.searchParams.set("state", "x");
  expect((await fetch(wrong)).status).toBe(400);
  answer.release();
  expect((await first).url).toMatch(/\/success$/);
  expect((await login.finished).code).toBe(0);
});

test("a login that only wrong answers reached is given up like any other, and nothing is changed", async () => {
  const home = await homeWithThree();
  const before = stateOf(home);
  const { fake, login } = await startLogin([], home);
  const callback = await login.callback();
  callback.searchParams.set("state", "of-somebody-else");
  await fetch(callback);
  login.interrupt();
  expect([(await login.finished).code, fake.count("exchange"), stateOf(home)]).toEqual([130, 0, before]);
});

test("a denied consent is told", async () => {
  const home = await homeWithThree();
  const before = stateOf(home);
  const { fake, login } = await startLogin(["--json"], home);
  const callback = await login.callback();
  callback.searchParams.delete("code");
  callback.searchParams.set("error", "access_denied");
  callback.searchParams.set("error_description", "The user \u001B[2Jsaid no");
  expect((await fetch(callback)).status).toBe(400);
  const { code, stdout, stderr } = await login.finished;
  expect([code, fake.count("exchange")]).toEqual([1, 0]);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: "login_denied" } });
  expect(stderr).toContain("denied in the browser (The user \\u001b[2Jsaid no).");
  expect(stateOf(home)).toEqual(before);
  expect(await portsAreFree()).toBe(true);
});

test("a replayed code is refused by the issuer, and nothing is changed", async () => {
  const home = await homeWithThree();
  const before = stateOf(home);
  const { fake, login } = await startLogin([], home);
  const callback = await login.callback();
  const used = callback.searchParams.get("code") ?? "";
  await fetch(`${fake.url}/oauth/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "authorization_code", code: used }).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  expect((await fetch(callback)).status).toBe(400);
  const { code, stderr } = await login.finished;
  expect([code, stderr]).toEqual([1, expect.stringContaining("refused the code: HTTP 400 invalid_grant")]);
  expect(stderr).not.toContain(used);
  expect(stateOf(home)).toEqual(before);
  expect(await portsAreFree()).toBe(true);
});

test("only the first callback counts, and after the login nobody answers", async () => {
  const { fake, login } = await startLogin();
  const answer = fake.hold("exchange");
  const callback = await login.callback();
  const first = fetch(callback);
  await answer.arrived;
  expect((await fetch(callback)).status).toBe(410);
  answer.release();
  expect((await first).url).toMatch(/\/success$/);
  expect((await login.finished).code).toBe(0);
  await expect(fetch(callback)).rejects.toThrow("fetch failed");
  expect(fake.count("exchange")).toBe(1);
});

test("foreign hosts, paths, methods and pages are turned away, and the login still works", async () => {
  const { login } = await startLogin();
  const callback = await login.callback();
  const path = callback.pathname + callback.search;
  const { port } = callback;
  expect(await statusOf({ port, path, headers: { host: "evil.test" } })).toBe(403);
  expect(await statusOf({ port, path, headers: { host: `evil.test:${port}` } })).toBe(403);
  expect(await statusOf({ port, path, headers: { origin: "https://evil.test" } })).toBe(403);
  expect(await statusOf({ port, path, headers: { "sec-fetch-dest": "image" } })).toBe(403);
  expect(await statusOf({ port, path, method: "POST" })).toBe(403);
  for (const foreign of [
    "/",
    "/favicon.ico",
    "/success",
    "/cancel",
    "//evil.test/auth/callback",
    "/auth/callback/x",
  ])
    expect([foreign, await statusOf({ port, path: foreign })]).toEqual([foreign, 404]);
  // Bound to one address of loopback: not even its neighbour gets through.
  await expect(fetch(callback.href.replace("127.0.0.1", "127.0.0.2"))).rejects.toThrow("fetch failed");
  expect((await fetch(callback)).status).toBe(200);
  expect((await login.finished).code).toBe(0);
});

test("Ctrl-C ends with 130, changes nothing and frees the port", async () => {
  const home = await homeWithThree();
  const before = stateOf(home);
  const { login } = await startLogin([], home);
  await login.url();
  login.interrupt();
  const { code, stdout, stderr } = await login.finished;
  expect([code, stdout]).toEqual([130, ""]);
  expect(stderr).toContain("Stopped. Nothing was changed.");
  expect(stateOf(home)).toEqual(before);
  expect(await portsAreFree()).toBe(true);
});

test("Ctrl-C while the issuer is asked tells the browser too", async () => {
  const { fake, home, login } = await startLogin();
  const answer = fake.hold("exchange");
  const page = fetch(await login.callback());
  await answer.arrived;
  login.interrupt();
  expect((await page).status).toBe(400);
  expect((await login.finished).code).toBe(130);
  answer.release();
  expect(stateOf(home)).toEqual([null, null]);
});

test("the second port is taken when the first is busy", async () => {
  await expect.poll(portsAreFree).toBe(true);
  await occupy(ports[0]);
  const fake = await startFake();
  const login = new RunningLogin(new TestHome(), fake, ["--browser"]);
  const url = await login.url();
  expect(url.searchParams.get("redirect_uri")).toBe("http://127.0.0.1:1457/auth/callback");
  await fetch(url);
  expect((await login.finished).code).toBe(0);
});

test("when both ports are busy, whoever holds them is named", async () => {
  await expect.poll(portsAreFree).toBe(true);
  for (const port of ports) await occupy(port);
  const fake = await startFake();
  const { code, stdout, stderr } = await new RunningLogin(new TestHome(), fake, ["--browser"]).finished;
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("ports are in use");
  if (hasProc())
    expect(stderr).toMatch(new RegExp(`1455 by \\S+ ${process.pid}, 1457 by \\S+ ${process.pid}`));
  expect(stderr).toContain("codex auth login --device-auth (or --manual)");
});

interface RawRequest {
  port: string;
  path: string;
  method?: string;
  headers?: Record<string, string>;
}

/** fetch sets the headers of a browser itself; this does as it is told. */
function statusOf({ port, path, method = "GET", headers = {} }: RawRequest): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once("error", reject);
  });
}
