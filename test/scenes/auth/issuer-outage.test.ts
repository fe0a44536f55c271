import { expect, test } from "vitest";
import { isConnectFailure } from "../../../src/openai/backend.ts";
import type { FakeReply } from "../../support/openai/server.ts";
import { OutageScene } from "../../support/outage-scene.ts";

const page = "<!doctype html><title>Blocked</title>";
const html = { "content-type": "text/html" };

const unserved: [string, FakeReply][] = [
  ["429", { status: 429, body: { error: { code: "rate_limited" } } }],
  ["500", { status: 500, body: { error: { message: "oops" } } }],
  ["500 without a body", { status: 500, body: "" }],
  ["503", { status: 503, body: "upstream connect error" }],
  ["521 of a gateway", { status: 521, body: page, headers: html }],
  ["a 404 of something else", { status: 404, body: { error: { code: "not_found" } } }],
  ["a proxy's 407", { status: 407, body: page, headers: html }],
  ["a proxy's 403 page", { status: 403, body: page, headers: html }],
  ["a proxy's 401 page", { status: 401, body: page, headers: html }],
  ["a hotel's 200 page", { status: 200, body: page, headers: html }],
  ["a page that says it is text", { status: 200, body: `\n${page}` }],
  ["a redirect", { status: 302, body: "", headers: { location: "http://127.0.0.1:2/sign-in" } }],
];

// Found: two such answers a minute apart, and token, check, exec and the proxy refused the account for ever; a page
// with 401 or 403 set it aside as refused by the issuer.
test.each(unserved)("%s spends nothing: twenty in a row, and the next try is served", async (_, reply) => {
  const scene = await OutageScene.open(["a"]);
  scene.answer(reply);
  for (let round = 0; round < 20; round += 1) {
    expect(await scene.renew("a")).toMatchObject({ kind: "backing-off" });
    scene.later(10.01);
  }
  expect(await scene.accountOf("a")).toMatchObject({ flag: null });
  scene.answer(null);
  expect(await scene.renew("a")).toEqual({ kind: "ready", how: "renewed" });
  expect(await scene.accountOf("a")).toMatchObject({ flag: null, refresh: null });
  expect(await scene.isLost("a")).toBe(false);
});

const unclear: [string, FakeReply][] = [
  ["502", { status: 502, body: page, headers: html }],
  ["504", { status: 504, body: "" }],
  ["524 of a gateway", { status: 524, body: page, headers: html }],
  ["408", { status: 408, body: "" }],
  ["a 200 that is cut", { status: 200, body: '{"access_token":"eyJ' }],
  ["a 200 without a token", { status: 200, body: {} }],
];

test.each(unclear)("%s leaves it open whether the token is spent", async (_, reply) => {
  const scene = await OutageScene.open(["a"]);
  scene.answer(reply);
  expect(await scene.renew("a")).toMatchObject({ kind: "uncertain" });
  expect(await scene.accountOf("a")).toMatchObject({ flag: null, refresh: { attempts: 1 } });
});

test("the issuer's own refusals set the account aside", async () => {
  for (const [status, error] of [
    [400, "invalid_grant"],
    [401, { code: "refresh_token_expired" }],
    [401, { message: "no" }],
    [403, { code: "account_deactivated" }],
  ] as const) {
    const scene = await OutageScene.open(["a"]);
    scene.answer({ status, body: { error } });
    expect(await scene.renew("a")).toMatchObject({ kind: "flagged" });
  }
});

/** How many requests reach the issuer in the given minutes when a script asks for a token again and again. */
async function triesIn(
  scene: OutageScene,
  minutes: number,
  stepOf: (minute: number) => number,
): Promise<number[]> {
  const startMs = scene.nowMs;
  const tries: number[] = [];
  while (scene.nowMs - startMs <= minutes * 60_000) {
    await scene.renew("a");
    const { refresh } = await scene.accountOf("a");
    const isNow = refresh?.kind !== "intent" && refresh?.triedAt === new Date(scene.nowMs).toISOString();
    if (isNow) tries.push(Math.round((scene.nowMs - startMs) / 1000));
    scene.later(stepOf((scene.nowMs - startMs) / 60_000));
  }
  return tries;
}

test("after a refusal to serve the next try comes after 30 s, then twice as long, up to ten minutes", async () => {
  const scene = await OutageScene.open(["a"]);
  scene.answer({ status: 503, body: "" });
  const tries = await triesIn(scene, 30, () => 0.5);
  expect(tries).toEqual([0, 30, 90, 210, 450, 930, 1530]);
});

test("after lost answers the next try comes after a minute, ten minutes, an hour, then once a day", async () => {
  const scene = await OutageScene.open(["a"]);
  scene.answer({ status: 504, body: "" });
  const tries = await triesIn(scene, 3 * 24 * 60, (minute) => (minute < 120 ? 5 : 15));
  expect(tries.map((second) => Math.round(second / 60))).toEqual([0, 5, 15, 75, 1515, 2955]);
});

test.each([
  ["a number", "120", 120],
  ["a date", null, 120],
  ["nonsense", "soon", 30],
  ["a year", String(366 * 86_400), 3600],
])("Retry-After is obeyed: %s", async (_, value, seconds) => {
  const scene = await OutageScene.open(["a"]);
  const header = value ?? new Date(scene.nowMs + 120_999).toUTCString();
  scene.answer({ status: 503, body: "", headers: { "retry-after": header } });
  await scene.renew("a");
  scene.nowMs += seconds * 1000 - 1500;
  await scene.renew("a");
  expect(scene.fake.count("refresh")).toBe(1);
  scene.nowMs += 2600;
  await scene.renew("a");
  expect(scene.fake.count("refresh")).toBe(2);
});

test("a lost answer is not forgotten because a later one was only refused", async () => {
  const scene = await OutageScene.open(["a"]);
  scene.answer(async () => {
    scene.fake.issuer.refresh(scene.fake.issuer.newestToken("a@example.com") ?? "");
    return { status: 504, body: "" };
  });
  await scene.renew("a");
  scene.later(2);
  scene.answer({ status: 503, body: "" });
  expect(await scene.renew("a")).toMatchObject({ kind: "backing-off" });
  scene.later(2);
  scene.answer(null);
  expect(await scene.renew("a")).toMatchObject({ kind: "flagged", flag: { reason: "interrupted" } });
});

test("a mark that a clock ahead has written holds nobody up", async () => {
  for (const status of [503, 504]) {
    const scene = await OutageScene.open(["a"]);
    scene.nowMs += 365 * 86_400_000;
    scene.answer({ status, body: "" });
    await scene.renew("a");
    scene.nowMs -= 365 * 86_400_000;
    scene.answer(null);
    expect(await scene.renew("a")).toMatchObject({ kind: "ready" });
  }
});

/** The pool of a build that knew one kind of mark, and gave up after two. */
async function oldMark(since: (nowMs: number) => number): Promise<OutageScene> {
  const scene = await OutageScene.open(["a"]);
  const { fingerprint } = await import("../../../src/pool/account.ts");
  await scene.store.transaction("old", ({ pool }) => {
    for (const account of pool.accounts)
      account.refresh = {
        kind: "uncertain",
        fingerprint: fingerprint(account.login.refreshToken),
        since: new Date(since(scene.nowMs)).toISOString(),
        attempts: 2,
      };
  });
  return scene;
}

test.each([
  ["11 minutes ago", -11],
  ["a week ago", -7 * 1440],
  ["next year", 365 * 1440],
])("an account that an earlier build had given up comes back: marked %s", async (_, minutes) => {
  const scene = await oldMark((nowMs) => nowMs + minutes * 60_000);
  expect(await scene.renew("a")).toEqual({ kind: "ready", how: "renewed" });
});

test.each(["check 1", "verify-flagged"])("a person may ask at once: %s", async (line) => {
  for (const status of [503, 504]) {
    const scene = await OutageScene.open(["a"]);
    scene.answer({ status, body: "" });
    await scene.renew("a");
    expect((await scene.run("token 1")).code).toBe(1);
    scene.answer(null);
    expect((await scene.run(line)).code).toBe(0);
    expect((await scene.run("token 1")).code).toBe(0);
    expect(scene.fake.issuer).toMatchObject({ refreshes: 1, reuses: 0 });
  }
});

test("verify-flagged says what is still unclear, and what the issuer has refused", async () => {
  const scene = await OutageScene.open(["a"]);
  scene.answer({ status: 504, body: "" });
  await scene.renew("a");
  const asked = await scene.json("verify-flagged");
  expect(asked.code).toBe(1);
  expect(asked.document).toMatchObject({
    results: [{ outcome: "still-unclear", test: "renewal", account: { state: "unclear" } }],
    summary: { flagged: 1, unclear: 1 },
  });
  scene.fake.issuer.refresh(scene.fake.issuer.newestToken("a@example.com") ?? "");
  scene.answer(null);
  expect((await scene.json("verify-flagged")).document).toMatchObject({
    results: [{ outcome: "still-flagged", account: { state: "flagged" } }],
  });
  expect(await scene.accountOf("a")).toMatchObject({ flag: { reason: "interrupted" } });
});

test.each([
  [504, "unclear", "renewal unclear", "refresh_uncertain"],
  [503, "backing-off", "renewal backing off", "upstream_unavailable"],
])("every command tells the same of an account after a %i", async (status, state, words, code) => {
  const scene = await OutageScene.open(["a"]);
  await scene.run("switch 1");
  scene.answer({ status, body: "" });
  const failed = await scene.run("token 1");
  expect([failed.code, failed.stdout]).toEqual([1, ""]);
  expect(failed.stderr).toContain(words);
  scene.fake.forgetRequests();

  const list = await scene.json("list");
  expect(list.document.accounts).toMatchObject([{ state }]);
  expect(list.document.accounts[0].stateReason).toContain(words);
  expect(list.document.findings).toMatchObject([{ id: "renewal_unclear" }]);
  expect((await scene.run("list")).stdout).toMatch(/renewal (?:unclear|backing off)\t.*renewal rests/);
  expect((await scene.json("status")).document).toMatchObject({
    active: { state },
    findings: expect.arrayContaining([expect.objectContaining({ id: "renewal_unclear" })]) as unknown,
  });
  expect((await scene.json("guard")).document).toMatchObject({
    passed: false,
    accounts: [{ reason: expect.stringContaining(words) as string }],
  });
  expect((await scene.json("forecast")).document).toMatchObject({
    accounts: [{ state, isReady: false }],
    recommendation: { kind: "wait", hint: expect.stringMatching(/^codex auth check /) as string },
  });
  expect((await scene.json("report")).document).toMatchObject({
    summary: { ready: 0 },
    accounts: [{ state }],
    findings: expect.arrayContaining([expect.objectContaining({ id: "renewal_unclear" })]) as unknown,
  });
  expect((await scene.json("why")).document).toMatchObject({
    candidates: [{ tier: "blocked", reason: expect.stringContaining(words) as string }],
  });
  expect((await scene.run("statusline")).stdout).toContain(words);
  const doctor = await scene.json("doctor --only renewal_unclear");
  expect(doctor.document.findings).toMatchObject([
    { fix: expect.stringMatching(/^codex auth check /) as string },
  ]);
  const exec = await scene.run("exec --json 1 -- true");
  expect(JSON.parse(exec.stdout).error).toMatchObject({ code });
  // Nobody has asked the issuer again.
  expect(scene.fake.count("refresh")).toBe(0);

  scene.later(24 * 60);
  expect((await scene.json("list")).document.accounts).toMatchObject([{ state: "ready" }]);
  expect((await scene.json("guard --allow-unknown")).document).toMatchObject({ passed: true });
  scene.answer(null);
  expect((await scene.run("token 1")).code).toBe(0);
  expect((await scene.json("list")).document.findings).toEqual([]);
});

test("an access token that has some minutes left serves while the issuer does not", async () => {
  const scene = await OutageScene.open(["a"], { expiresInSec: 300 });
  scene.answer({ status: 503, body: "" });
  const { code, stdout, stderr } = await scene.run("token 1");
  expect(stderr).toMatch(/^The access token is not renewed: renewal backing off: .*The old one serves/);
  expect([code, stdout.trim()]).toEqual([0, (await scene.accountOf("a")).login.accessToken]);
  expect((await scene.json("list")).document.accounts).toMatchObject([{ state: "ready" }]);
  expect((await scene.run("list")).stderr).toMatch(/renewal backing off: .* Its access token serves until /);
});

test("a killed renewal that is then not sent stays known", async () => {
  const scene = await OutageScene.open(["a"]);
  const { fingerprint } = await import("../../../src/pool/account.ts");
  const { endedProcess } = await import("../../support/faulty-fs.ts");
  await scene.store.transaction("kill", ({ pool }) => {
    for (const account of pool.accounts)
      account.refresh = {
        kind: "intent",
        fingerprint: fingerprint(account.login.refreshToken),
        startedAt: new Date(scene.nowMs - 3_600_000).toISOString(),
        attempts: 0,
        process: endedProcess(),
      };
  });
  const { id } = await scene.accountOf("a");
  const nobody = { CODEX_AUTH_ISSUER: "http://127.0.0.1:2" };
  expect(await scene.renewById(id, { kind: "expiring" }, nobody)).toMatchObject({ kind: "unreachable" });
  expect(await scene.accountOf("a")).toMatchObject({ refresh: { kind: "uncertain", attempts: 1 } });
});

// Found: a connection that was refused by the system, or that timed out on every address of a name, counted as a lost
// answer, although nothing can have been sent.
test("where no connection could be made, nothing is unclear", async () => {
  const scene = await OutageScene.open(["a"]);
  const { id } = await scene.accountOf("a");
  for (const issuer of ["https://255.255.255.255", "http://localhost:2"]) {
    const outcome = await scene.renewById(id, { kind: "expiring" }, { CODEX_AUTH_ISSUER: issuer });
    expect([issuer, outcome.kind]).toEqual([issuer, "unreachable"]);
  }
  const timedOut = Object.assign(new Error("connect"), { code: "ETIMEDOUT", syscall: "connect" });
  const all = Object.assign(new AggregateError([timedOut, timedOut]), { code: "ETIMEDOUT" });
  expect(isConnectFailure(new TypeError("fetch failed", { cause: all }))).toBe(true);
  const reading = Object.assign(new Error("read"), { code: "ETIMEDOUT", syscall: "read" });
  expect(isConnectFailure(new TypeError("fetch failed", { cause: reading }))).toBe(false);
});
