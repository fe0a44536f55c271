import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { FakeReply } from "../support/openai/server.ts";
import { refusal, usageBody } from "../support/openai/usage.ts";
import { type Finished, TestHome } from "../support/home.ts";
import { RenewalScene } from "../support/renewals.ts";
import { readHttp } from "../support/upstream-fixture.ts";

const dayLong = { expiresInSec: 86_400 };

async function checkJson(scene: RenewalScene, ...args: string[]) {
  const finished = await scene.run(["check", ...args, "--json"]);
  return { code: finished.code, document: JSON.parse(finished.stdout) };
}

async function stateOf(scene: RenewalScene, row: number) {
  const { stdout } = await scene.succeed(["list", "--json"]);
  return JSON.parse(stdout).accounts[row - 1];
}

function accessTokenOf(scene: RenewalScene, name: string): string {
  const pool = JSON.parse(scene.home.read("codex-auth/pool.json"));
  return pool.accounts.find(
    (each: { auth: { tokens: { account_id: string } } }) => each.auth.tokens.account_id === `acct-${name}`,
  ).auth.tokens.access_token;
}

test("an expired token is renewed once, and the new figures are kept", async () => {
  const scene = await RenewalScene.open(["a"]);
  scene.fake.usage.answer("acct-a", { status: 200, body: usageBody({ primary: 63, secondary: 12 }) });
  const { code, document } = await checkJson(scene);
  expect(code).toBe(0);
  expect(document).toMatchObject({
    command: "check",
    ok: true,
    results: [
      {
        ok: true,
        renewed: true,
        plan: "plus",
        limits: [
          { window: "primary", remainingPercent: 37, windowMinutes: 300, source: "usage" },
          { window: "secondary", remainingPercent: 88, windowMinutes: 10_080 },
        ],
        failure: null,
      },
    ],
    summary: { checked: 1, ok: 1, failed: 0, nothingToAsk: 0, paused: 0 },
  });
  expect(scene.fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
  expect(scene.fake.count("usage")).toBe(1);
  expect(scene.lost(["a"])).toEqual([]);
  expect((await stateOf(scene, 1)).limits).toMatchObject([
    { remainingPercent: 37 },
    { remainingPercent: 88 },
  ]);
});

test("a login that was renewed is told, and one that was not is not", async () => {
  const scene = await RenewalScene.open(["a", "b"]);
  for (const name of ["a", "b"])
    scene.fake.usage.answer(`acct-${name}`, { status: 200, body: usageBody({ primary: 1, secondary: 1 }) });
  const first = await scene.run(["check", "1"]);
  expect([first.code, first.stderr]).toEqual([0, "Renewed the login of a@example.com.\n"]);
  const second = await scene.run(["check"]);
  expect([second.code, second.stderr]).toEqual([0, "Renewed the login of b@example.com.\n"]);
  expect((await scene.run(["check"])).stderr).toBe("");
});

test("a valid token is never renewed, also in its last minutes", async () => {
  for (const expiresInSec of [86_400, 7200 + 120]) {
    const scene = await RenewalScene.open(["a", "b"], { expiresInSec });
    expect((await checkJson(scene)).code).toBe(0);
    expect([scene.fake.count("refresh"), scene.fake.count("usage")]).toEqual([0, 2]);
  }
});

test("a second check writes down what was used in between", async () => {
  const scene = await RenewalScene.open(["a"], dayLong);
  const resets = usageBody({ primary: 10 });
  scene.fake.usage.answer("acct-a", { status: 200, body: resets });
  await scene.succeed(["check"]);
  const { rate_limit } = structuredClone(resets);
  rate_limit.primary_window.used_percent = 25;
  scene.fake.usage.answer("acct-a", { status: 200, body: { ...resets, rate_limit } });
  await scene.succeed(["check"]);
  const [step, ...others] = scene.home.read("codex-auth/history.jsonl").split("\n").filter(Boolean);
  expect(JSON.parse(step ?? "")).toMatchObject({ l: "codex", w: 300, p: 15 });
  expect(others).toEqual([]);
});

test("a 401 for exactly this token renews it once, and the question is put again", async () => {
  const scene = await RenewalScene.open(["a"], dayLong);
  scene.fake.usage.refusedTokens.add(accessTokenOf(scene, "a"));
  const { code, document } = await checkJson(scene);
  expect([code, document.results[0].ok, document.results[0].renewed]).toEqual([0, true, true]);
  expect([scene.fake.count("refresh"), scene.fake.count("usage")]).toEqual([1, 2]);
  expect(scene.lost(["a"])).toEqual([]);
});

// Only the issuer's refusal sets an account aside: what OpenAI says to a token that is new may be its own trouble.
test("a 401 for the renewed token too lets the account rest, and spends no other token", async () => {
  const scene = await RenewalScene.open(["a", "b"], dayLong);
  scene.fake.usage.answer("acct-b", refusal(401, "token_expired", "no"));
  const { code, document } = await checkJson(scene);
  expect([code, document.ok, document.results[0].ok]).toEqual([1, false, true]);
  expect(document.results[1]).toMatchObject({
    ok: false,
    renewed: true,
    account: { state: "limited", stateReason: expect.stringContaining("refused after a renewal") },
    failure: { code: "token_expired", codexErrorInfo: "unauthorized", httpStatus: 401 },
  });
  expect([scene.fake.count("refresh"), scene.fake.count("usage")]).toEqual([1, 3]);
  expect(scene.lost(["a", "b"])).toEqual([]);
  // A third try would renew for nothing.
  await checkJson(scene);
  expect(scene.fake.count("refresh")).toBe(1);
});

test("a token that was just renewed is not renewed again for a 401", async () => {
  const scene = await RenewalScene.open(["a"]);
  scene.fake.usage.answer("acct-a", refusal(401, "token_expired", "no"));
  expect((await checkJson(scene)).document.results[0].account.state).toBe("limited");
  expect([scene.fake.count("refresh"), scene.fake.count("usage")]).toEqual([1, 1]);
});

test.each(["token_invalidated", "token_revoked", "invalid_api_key", "something_new"])(
  "401 %s means one renewal, and the account is well again",
  async (code) => {
    const scene = await RenewalScene.open(["a"], dayLong);
    const old = accessTokenOf(scene, "a");
    scene.fake.usage.answer("acct-a", ({ headers }) =>
      headers.authorization === `Bearer ${old}`
        ? refusal(401, code, "no")
        : { status: 200, body: usageBody({}) },
    );
    const { document } = await checkJson(scene);
    expect(document.results[0]).toMatchObject({ ok: true, renewed: true, account: { state: "ready" } });
    expect(scene.fake.count("refresh")).toBe(1);
    expect(scene.lost(["a"])).toEqual([]);
  },
);

test("an account whose issuer refuses is set aside", async () => {
  const scene = await RenewalScene.open(["a"], dayLong);
  scene.fake.usage.answer("acct-a", refusal(401, "token_invalidated", "no"));
  scene.fake.routes.refresh = () => refusal(401, "refresh_token_invalidated", "revoked");
  expect((await checkJson(scene)).document.results[0].account.state).toBe("flagged");
});

test("a closed workspace sets the account aside, and list says what to do", async () => {
  const scene = await RenewalScene.open(["a"], dayLong);
  scene.fake.usage.answer("acct-a", readHttp("402-deactivated-workspace"));
  expect((await checkJson(scene)).document.results[0].failure).toMatchObject({
    code: "deactivated_workspace",
    httpStatus: 402,
    codexErrorInfo: "unauthorized",
  });
  const account = await stateOf(scene, 1);
  expect(account.state).toBe("flagged");
  expect(account.stateReason).toMatch(
    /^the account was deactivated, since .*Z; once it is open again: codex auth verify-flagged$/,
  );
  expect(scene.home.read("codex-auth/pool.json")).toContain("HTTP 402 deactivated_workspace");
});

test.each<[string, FakeReply, string, unknown]>([
  ["403", refusal(403, "insufficient_permissions", "no"), "insufficient_permissions", "other"],
  ["403 with HTML", readHttp("403-html-cloudflare"), "upstream_error", "other"],
  ["429", readHttp("429-usage-limit"), "usage_limit_reached", "usageLimitExceeded"],
  ["a short 429", readHttp("429-slow-down-short-retry-after"), "rate_limit_exceeded", "rateLimitExceeded"],
  ["500", readHttp("500-server-error"), "server_error", "internalServerError"],
  ["503", readHttp("503-overloaded"), "server_is_overloaded", "serverOverloaded"],
  ["502 with HTML", readHttp("502-html"), "upstream_error", "internalServerError"],
  ["200 with HTML", { status: 200, body: "<html>Sign in</html>" }, "upstream_error", "other"],
])("%s fails without setting the account aside", async (_, reply, code, codexErrorInfo) => {
  const scene = await RenewalScene.open(["a"], dayLong);
  scene.fake.usage.answer("acct-a", reply);
  const { code: exitCode, document } = await checkJson(scene);
  expect(exitCode).toBe(1);
  expect(document.results[0].failure).toMatchObject({ code, codexErrorInfo });
  expect(document.results[0].failure.message).not.toMatch(/[<>]/);
  expect((await stateOf(scene, 1)).state).not.toBe("flagged");
  expect(scene.fake.count("refresh")).toBe(0);
});

test("a usage limit makes the account limited until its reset; a report of free windows ends that", async () => {
  const scene = await RenewalScene.open(["a"], dayLong);
  const body = usageBody({ primary: 100, isLimitReached: true });
  scene.fake.usage.answer("acct-a", { status: 200, body });
  scene.fake.routes.resetCredits = () => ({ status: 200, body: { available_count: 2, credits: [] } });
  expect((await checkJson(scene)).document.results[0]).toMatchObject({
    ok: true,
    limitReached: true,
    resetCredits: 2,
  });
  const account = await stateOf(scene, 1);
  expect(account.state).toBe("limited");
  const resetsAt = new Date(body.rate_limit.primary_window.reset_at * 1000).toISOString();
  expect(account.stateReason).toBe(`the usage limit is reached, until ${resetsAt}`);
  scene.fake.usage.answer("acct-a", { status: 200, body: usageBody({ primary: 0 }) });
  await scene.succeed(["check"]);
  expect((await stateOf(scene, 1)).state).toBe("ready");
});

// Codex asks for the workspace before its first request; without an answer neither its terminal interface nor a turn starts.
test.each<[string, (id: string) => FakeReply, RegExp]>([
  [
    "is refused",
    () => refusal(401, "unauthorized", "Unauthorized"),
    /does not say where its workspace is \(HTTP 401: Unauthorized\)/,
  ],
  ["is not listed", () => ({ status: 200, body: { accounts: [{ id: "acct-other" }] } }), /does not list/],
  ["is listed twice", (id) => ({ status: 200, body: { accounts: [{ id }, { id }] } }), /lists .* twice/],
  [
    "is deactivated",
    (id) => ({ status: 200, body: { accounts: [{ id, is_deactivated: true }] } }),
    /is deactivated/,
  ],
])("an account whose workspace %s is not ok, whatever the usage endpoint says", async (_, reply, text) => {
  const scene = await RenewalScene.open(["a", "b"], dayLong);
  const usual = scene.fake.routes.accountsCheck;
  scene.fake.routes.accountsCheck = (request) =>
    request.headers["chatgpt-account-id"] === "acct-a" ? reply("acct-a") : usual(request);
  const { code, document } = await checkJson(scene);
  expect([code, document.results[1].ok, document.results[1].workspaceFound]).toEqual([1, true, true]);
  expect(document.results[0]).toMatchObject({
    ok: false,
    workspaceFound: false,
    limits: [{ remainingPercent: 90 }, { remainingPercent: 80 }],
    failure: { code: "workspace_unroutable", message: expect.stringMatching(text) },
    account: { state: "ready" },
  });
  expect(scene.fake.count("refresh")).toBe(0);
  expect((await scene.run(["check"])).stdout).toContain("so Codex does not start with this account.");
});

test("the plan that OpenAI names reaches every command that shows or ranks it, until a newer token names another", async () => {
  const scene = await RenewalScene.open(["a"], dayLong);
  scene.fake.usage.answer("acct-a", { status: 200, body: usageBody({ plan: "pro" }) });
  await scene.succeed(["check"]);
  const json = async (...words: string[]) => JSON.parse((await scene.succeed([...words, "--json"])).stdout);
  const bundled = async () => {
    const bundle = scene.home.file(`bundle-${Math.random()}.json`);
    await scene.succeed(["doctor", "--only", "store", "--bundle", bundle]);
    return JSON.parse(readFileSync(bundle, "utf8")).accounts[0].plan;
  };
  const seen = async () => [
    (await stateOf(scene, 1)).plan,
    /Plan: (\w+)/.exec((await scene.succeed(["status"])).stdout)?.[1],
    (await scene.succeed(["statusline", "--format", "{plan}"])).stdout.trim(),
    (await json("forecast")).accounts[0].plan,
    (await json("why")).candidates[0].plan,
    /pro|team|plus/.exec((await scene.succeed(["__complete", "--", "switch", ""])).stdout)?.[0],
    await bundled(),
  ];
  expect(await seen()).toEqual(Array.from({ length: 7 }, () => "pro"));
  const issuedAt = Math.floor(Date.now() / 1000) + 60;
  const login = { email: "a@example.com", userId: "user-a", accountId: "acct-a", plan: "team" };
  scene.home.write("newer.json", scene.fake.issuer.issue({ ...login, issuedAt, expiresInSec: 90_000 }));
  await scene.succeed(["import", scene.home.file("newer.json")]);
  await scene.succeed(["switch", "1"]);
  expect(await seen()).toEqual(Array.from({ length: 7 }, () => "team"));
});

test("an account without windows is shown with its credits, and the windows that it had are gone", async () => {
  const scene = await RenewalScene.open(["a"], dayLong);
  await scene.succeed(["check"]);
  const credits = { has_credits: true, unlimited: false, balance: "12.5" };
  const body = { ...usageBody({ plan: "business" }), rate_limit: null, credits };
  scene.fake.usage.answer("acct-a", { status: 200, body });
  const { stdout } = await scene.succeed(["check"]);
  expect(stdout).toMatch(/\tok\t12\.5 credits/);
  expect((await scene.succeed(["list"])).stdout).toContain("12.5 credits");
  expect((await scene.succeed(["status"])).stdout).toContain("Quota: CREDITS 12.5 credits");
  expect(await stateOf(scene, 1)).toMatchObject({
    state: "ready",
    limits: [],
    credits: { hasCredits: true, balance: "12.5", onlyCredits: true },
  });
});

test.each<[string, object, string, string]>([
  [
    "credits",
    { rate_limit_reached_type: "workspace_member_credits_depleted" },
    "no credits left",
    "has no credits",
  ],
  [
    "spend-cap",
    { rate_limit_reached_type: { type: "workspace_member_usage_limit_reached" } },
    "spend cap reached",
    "spend cap",
  ],
  ["spend-cap", { spend_control: { reached: true } }, "spend cap reached", "spend cap"],
])(
  "%s that are used up are no usage limit, and no time is made up for them",
  async (reached, over, result, state) => {
    const scene = await RenewalScene.open(["a"], dayLong);
    const body = { ...usageBody({}), ...over };
    scene.fake.usage.answer("acct-a", { status: 200, body });
    const { document } = await checkJson(scene);
    expect(document.results[0]).toMatchObject({ limitReached: true, reached });
    expect((await scene.run(["check"])).stdout).toContain(result);
    const account = await stateOf(scene, 1);
    expect([account.state, account.stateReason]).toEqual(["limited", expect.stringContaining(state)]);
    expect(account.stateReason).toMatch(/OpenAI named no time, so it is tried again after/);
    const forecast = JSON.parse((await scene.run(["forecast", "--json"])).stdout).accounts[0];
    expect(forecast).toMatchObject({ isReadyAtGuessed: true });
    expect(forecast.stateReason).toMatch(/perhaps back .* \(a guess\)/);
    // A free window says nothing of money; that OpenAI serves again does.
    scene.fake.usage.answer("acct-a", { status: 200, body: usageBody({}) });
    await scene.succeed(["check"]);
    expect((await stateOf(scene, 1)).state).toBe("ready");
  },
);

test("a limit without a reset is tried again after a while, and that is called a guess", async () => {
  const scene = await RenewalScene.open(["a"], dayLong);
  scene.fake.usage.answer("acct-a", refusal(429, "usage_limit_reached", "The usage limit has been reached"));
  expect((await checkJson(scene)).code).toBe(1);
  expect((await stateOf(scene, 1)).stateReason).toMatch(
    /^the usage limit is reached; OpenAI named no time, so it is tried again after /,
  );
});

test("an account that was set aside and whose token has ended is not asked about", async () => {
  const scene = await RenewalScene.open(["a"]);
  scene.fake.issuer.refresh(scene.fake.issuer.newestToken("a@example.com") ?? "");
  const first = await checkJson(scene);
  expect(first.document.results[0].failure).toMatchObject({
    code: "login_flagged",
    message: expect.stringMatching(/used by another program or machine/),
    codexErrorInfo: "unauthorized",
  });
  await checkJson(scene);
  expect(scene.fake.issuer.reuses).toBe(1);
  expect(scene.fake.count("usage")).toBe(0);
});

test("a machine that is offline gets one clear error for all accounts, and nothing else changes", async () => {
  const scene = await RenewalScene.open(["a", "b"], dayLong);
  const before = scene.home.read("codex-auth/pool.json");
  const { code, stdout } = await scene.home.run(["check"]);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /\na@example\.com, b@example\.com: 127\.0\.0\.1:2 cannot be reached: ECONNREFUSED\.\n {2}Check/,
  );
  const { stdout: json } = await scene.home.run(["check", "--json"]);
  expect(JSON.parse(json).results[0].failure).toMatchObject({
    code: "network_unreachable",
    codexErrorInfo: { httpConnectionFailed: { httpStatusCode: null } },
  });
  expect(scene.home.read("codex-auth/pool.json")).toBe(before);
  expect((await stateOf(scene, 1)).state).toBe("ready");
});

test("paused accounts are checked only when they are named", async () => {
  const scene = await RenewalScene.open(["a", "b"], dayLong);
  await scene.succeed(["pause", "2"]);
  const all = await scene.run(["check"]);
  expect(all.stderr).toContain("Paused, so not checked: 1.");
  expect(new Set(scene.fake.log.map(({ accountId }) => accountId))).toEqual(new Set(["acct-a"]));
  expect((await checkJson(scene, "b@example.com")).document.summary).toMatchObject({ checked: 1, ok: 1 });
});

test("an API key has no usage to ask for, and that is no failure", async () => {
  const scene = await RenewalScene.open(["a"], dayLong);
  scene.home.write("key.json", { OPENAI_API_KEY: "sk-test-MARKED" });
  await scene.succeed(["import", scene.home.file("key.json")]);
  const { code, document } = await checkJson(scene);
  expect(code).toBe(0);
  expect(document.results[1]).toMatchObject({ ok: null, failure: null, account: { kind: "apiKey" } });
  expect(document.summary).toMatchObject({ checked: 1, ok: 1, nothingToAsk: 1 });
  expect((await scene.run(["check"])).stdout).toMatch(/apiKey\tnothing to ask/);
});

test("four accounts are asked about at a time, and renewals wait for each other", async () => {
  const names = Array.from({ length: 9 }, (_, index) => `n${index}`);
  const scene = await RenewalScene.open(names);
  let renewing = 0;
  const { refresh } = scene.fake.routes;
  scene.fake.routes.refresh = async (request) => {
    renewing += 1;
    expect(renewing).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    renewing -= 1;
    return refresh(request);
  };
  const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const slow = async () => {
    // Until four wait, and then some, so that a fifth would be seen.
    for (let tries = 0; tries < 500 && scene.fake.usage.mostWaiting < 4; tries += 1) await rest(20);
    await rest(300);
    return { status: 200, body: usageBody({}) };
  };
  await scene.succeed(["check"]);
  for (const name of names) scene.fake.usage.answer(`acct-${name}`, slow);
  await scene.succeed(["check"]);
  expect(scene.fake.usage.mostWaiting).toBe(4);
  expect(scene.fake.issuer).toMatchObject({ refreshes: 9, reuses: 0 });
  expect(scene.lost(names)).toEqual([]);
});

test("two checks at once renew every account once, also seats of one user", async () => {
  const scene = await RenewalScene.open(["a", "b", "c"]);
  scene.home.write("logins/d.json", scene.issue({ name: "d", user: "a" }));
  await scene.succeed(["import", scene.home.file("logins/d.json")]);
  const both = await Promise.all([scene.run(["check"]), scene.run(["check"])]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(scene.fake.issuer).toMatchObject({ refreshes: 4, reuses: 0 });
  expect(scene.lost(["a", "b", "c", "d"])).toEqual([]);
});

test("no secret is in any output, whatever upstream repeats", async () => {
  const scene = await RenewalScene.open(["a"], dayLong);
  const token = accessTokenOf(scene, "a");
  const refreshToken = scene.fake.issuer.newestToken("a@example.com") ?? "";
  const secrets = [token, refreshToken].flatMap((each) => [
    each,
    Buffer.from(each).toString("base64"),
    Buffer.from(each).toString("base64url"),
    encodeURIComponent(each),
  ]);
  const outputs: Finished[] = [];
  for (const reply of [
    { status: 200, body: usageBody({}) },
    refusal(400, "bad_request", secrets.join(" ")),
    refusal(403, token, `Bearer ${token}`),
    refusal(402, "deactivated_workspace", refreshToken),
    { status: 500, body: secrets.join("\n"), headers: { "x-request-id": token } },
  ]) {
    scene.fake.usage.answer("acct-a", reply);
    outputs.push(await scene.run(["check"]), await scene.run(["check", "--json"]));
  }
  outputs.push(await scene.run(["list", "--json"]), await scene.run(["status"]), await scene.run(["list"]));
  const everything = outputs.map(({ stdout, stderr }) => stdout + stderr).join("\n");
  for (const secret of secrets) expect(everything).not.toContain(secret);
});

test.each([
  ["http://gateway.example/backend-api", /unencrypted/],
  ["ftp://127.0.0.1/", /no http or https address/],
])("a chatgpt_base_url of %s gets no token", async (base, why) => {
  const scene = await RenewalScene.open(["a"], dayLong);
  scene.home.write("config.toml", `chatgpt_base_url = "${base}"\n`);
  const { code, stderr } = await scene.home.run(["check"], { env: { CODEX_AUTH_BACKEND: "" } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^chatgpt_base_url in config\.toml cannot be used: /);
  expect(stderr).toMatch(why);
});

test("chatgpt_base_url names the place and the style of the path", async () => {
  const scene = await RenewalScene.open(["a"], dayLong);
  scene.home.write("config.toml", `chatgpt_base_url = "${scene.fake.url}/gateway/"\n`);
  const { code } = await scene.home.run(["check"], { env: { CODEX_AUTH_BACKEND: "" } });
  expect([code, scene.fake.log[0]?.path]).toEqual([0, "/gateway/api/codex/usage"]);
});

test("an empty pool, and a name that fits nobody, are errors that ask nothing", async () => {
  const home = new TestHome();
  expect(await home.run(["check"])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/no accounts yet/),
  });
  const scene = await RenewalScene.open(["a"], dayLong);
  expect(await scene.run(["check", "nobody"])).toMatchObject({ code: 1 });
  expect(scene.fake.log).toEqual([]);
});
