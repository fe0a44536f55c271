import { expect, onTestFinished, test } from "vitest";
import { CodexAuthError } from "../../src/errors/codex-auth-error.ts";
import { type BackendRequest, readResetCredits, readUsage } from "../../src/openai/ask.ts";
import { backendOf } from "../../src/openai/backend.ts";
import { FakeOpenAI, type FakeReply, type Route } from "../support/openai/server.ts";
import { refusal, usageBody } from "../support/openai/usage.ts";
import { readHttp } from "../support/upstream-fixture.ts";

const secret = "opaque+MARKED/secret=of.an~account";

async function startFake(): Promise<FakeOpenAI> {
  const fake = await FakeOpenAI.start();
  onTestFinished(() => fake.close());
  return fake;
}

async function ask(fake: FakeOpenAI, more: Partial<BackendRequest> = {}) {
  const request = { baseUrl: `${fake.url}/backend-api`, accessToken: secret, accountId: "acct-1" };
  return await readUsage(fetch, { ...request, nowMs: Date.now(), ...more });
}

/** The failure that an answer of the endpoint becomes. */
async function failureOf(reply: FakeReply | Route, more?: Partial<BackendRequest>) {
  const fake = await startFake();
  fake.usage.answer("acct-1", reply);
  const answer = await ask(fake, more);
  if (answer.kind !== "failure") throw new Error("it was no failure");
  expect(JSON.stringify(answer)).not.toContain("MARKED");
  return answer.failure;
}

test.each([
  ["/backend-api", "/backend-api/wham/usage"],
  ["", "/api/codex/usage"],
  ["/codex-gateway", "/codex-gateway/api/codex/usage"],
])("a base that ends in %o asks %s", async (path, asked) => {
  const fake = await startFake();
  const answer = await ask(fake, { baseUrl: fake.url + path });
  expect(answer.kind).toBe("usage");
  expect(fake.log).toEqual([{ route: "usage", method: "GET", path: asked, accountId: "acct-1" }]);
});

test("a report is read with its plan, windows and families", async () => {
  const fake = await startFake();
  fake.usage.answer("acct-1", { status: 200, body: usageBody({ primary: 37, plan: "pro" }) });
  expect(await ask(fake)).toMatchObject({
    kind: "usage",
    usage: { plan: "pro", limits: [{ window: "primary", usedPercent: 37 }, { window: "secondary" }] },
  });
});

test("an account without a workspace id sends none", async () => {
  const fake = await startFake();
  await ask(fake, { accountId: null });
  expect(fake.log).toMatchObject([{ accountId: undefined }]);
});

test.each<[string, FakeReply, object]>([
  [
    "401",
    refusal(401, "token_expired", "expired"),
    { kind: "unauthorized", next: "refresh", codexErrorInfo: "unauthorized" },
  ],
  [
    "402",
    readHttp("402-deactivated-workspace"),
    { kind: "deactivated", account: "deactivated", codexErrorInfo: "unauthorized" },
  ],
  ["403", refusal(403, "insufficient_permissions", "no"), { kind: "permission", codexErrorInfo: "other" }],
  ["403 of Cloudflare", readHttp("403-html-cloudflare"), { kind: "blocked", account: "transient" }],
  [
    "429",
    readHttp("429-usage-limit"),
    { kind: "usageLimit", account: "limited", codexErrorInfo: "usageLimitExceeded" },
  ],
  ["503", readHttp("503-overloaded"), { kind: "overloaded", codexErrorInfo: "serverOverloaded" }],
  ["502 with HTML", readHttp("502-html"), { kind: "server", codexErrorInfo: "internalServerError" }],
  ["200 with HTML", { status: 200, body: "<!DOCTYPE html><title>Sign in</title>" }, { kind: "unknown" }],
  ["200 with other JSON", { status: 200, body: { hello: "world" } }, { kind: "unknown" }],
])("%s is classified", async (_, reply, expected) => {
  expect(await failureOf(reply)).toMatchObject(expected);
});

test("a 401 after a refresh means that only a new login helps", async () => {
  const failure = await failureOf(refusal(401, "token_expired", "expired"), { isAfterRefresh: true });
  expect(failure).toMatchObject({ kind: "reauth", account: "reauth" });
});

test("an answer that repeats the token brings it nowhere, in any form", async () => {
  const forms = [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString("base64"),
    Buffer.from(secret).toString("base64url"),
  ];
  const failure = await failureOf(refusal(400, "bad", `refused: ${forms.join(" ")}`));
  for (const form of forms) expect(JSON.stringify(failure)).not.toContain(form);
  expect(failure.envelope.error.message).toBe("refused: [redacted] [redacted] [redacted] [redacted]");
});

test("a redirect is not followed", async () => {
  const fake = await startFake();
  const failure = await failureOf({ status: 302, body: "", headers: { location: `${fake.url}/elsewhere` } });
  expect(failure.envelope.error.message).toMatch(/redirect, which is not followed/);
  expect(fake.log).toEqual([]);
});

test("an endpoint that never answers is given up", async () => {
  const failure = await failureOf(() => new Promise<FakeReply>(() => undefined), { timeoutMs: 50 });
  expect(failure.envelope.error.message).toMatch(/^127\.0\.0\.1:\d+ did not answer within 0\.05 s\.$/);
  expect(failure.codexErrorInfo).toEqual({ responseStreamConnectionFailed: { httpStatusCode: null } });
});

test("nobody listening is told apart", async () => {
  const fake = await startFake();
  await fake.close();
  const answer = await readUsage(fetch, {
    baseUrl: "http://127.0.0.1:2",
    accessToken: secret,
    accountId: null,
    nowMs: 0,
  });
  expect(answer).toMatchObject({
    failure: {
      kind: "network",
      codexErrorInfo: { httpConnectionFailed: { httpStatusCode: null } },
      envelope: { error: { message: "127.0.0.1:2 cannot be reached: ECONNREFUSED." } },
    },
  });
});

test("an endless body is read up to a limit", async () => {
  const failure = await failureOf({ status: 200, body: "x".repeat(5_000_000) });
  expect(failure.kind).toBe("unknown");
});

test("reset credits are asked for in the same place, and unknown when that fails", async () => {
  const fake = await startFake();
  fake.routes.resetCredits = () => ({ status: 200, body: { available_count: 2, credits: [] } });
  const request = { baseUrl: `${fake.url}/backend-api`, accessToken: secret, accountId: "acct-1", nowMs: 0 };
  expect(await readResetCredits(fetch, request)).toMatchObject({ availableCount: 2 });
  expect(fake.log).toMatchObject([{ path: "/backend-api/wham/rate-limit-reset-credits" }]);
  fake.routes.resetCredits = () => ({ status: 500, body: "" });
  expect(await readResetCredits(fetch, request)).toBeNull();
});

test.each([
  [undefined, "https://chatgpt.com/backend-api"],
  ["https://chatgpt.com/backend-api/", "https://chatgpt.com/backend-api"],
  ["https://gateway.example/codex", "https://gateway.example/codex"],
  ["http://localhost:8080", "http://localhost:8080"],
  ["http://127.0.0.1:8080/backend-api", "http://127.0.0.1:8080/backend-api"],
  ["http://[::1]:8080", "http://[::1]:8080"],
])("chatgpt_base_url %o is %s", (configured, base) => {
  expect(backendOf({}, configured)).toBe(base);
  expect(backendOf({ CODEX_AUTH_BACKEND: configured }, "https://other.example")).toBe(
    configured === undefined ? "https://other.example" : base,
  );
});

test.each([
  ["http://chatgpt.com/backend-api", /unencrypted/],
  ["http://127.0.0.1.evil.test", /unencrypted/],
  ["http://localhost.evil.test", /unencrypted/],
  ["ftp://127.0.0.1", /no http/],
  ["file:///etc/passwd", /no http/],
  ["//evil.test", /no URL/],
  ["https://user:MARKED@gateway.example", /user name or password/],
  ["https://gateway.example/?next=", /more than a host/],
])("%s gets no token", (configured, why) => {
  for (const read of [
    () => backendOf({}, configured),
    () => backendOf({ CODEX_AUTH_BACKEND: configured }, undefined),
  ]) {
    expect(read).toThrow(CodexAuthError);
    expect(read).toThrow(why);
    expect(read).not.toThrow(/MARKED/);
  }
});
