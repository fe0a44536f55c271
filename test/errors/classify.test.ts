import * as fc from "fast-check";
import { expect, test } from "vitest";
import { classifyFailure } from "../../src/errors/classify.ts";
import type { ClassifyOptions } from "../../src/errors/failure-facts.ts";
import type { FailureKind } from "../../src/errors/failure-rules.ts";
import { growth } from "../support/growth.ts";
import { fixtureNames, fixtureNowMs, readFailure } from "../support/upstream-fixture.ts";

const quota = "usageLimitExceeded";
const rate = "rateLimitExceeded";
const busy = "serverOverloaded";
const full = "contextWindowExceeded";
const noChatGpt = "model_not_supported_with_chatgpt_account";
const cut = { responseStreamDisconnected: { httpStatusCode: null } };
const refused = { httpConnectionFailed: { httpStatusCode: null } };
const waiting = { responseStreamConnectionFailed: { httpStatusCode: null } };

/** What each kind says about the account, and what to do next. */
const verdicts: Record<FailureKind, [string, string]> = {
  entitlement: ["entitlement", "rotate"],
  usageLimit: ["limited", "rotate"],
  rateLimit: ["limited", "rotate"],
  slowDown: ["transient", "rotate"],
  unauthorized: ["transient", "refresh"],
  reauth: ["reauth", "rotate"],
  deactivated: ["deactivated", "rotate"],
  permission: ["entitlement", "rotate"],
  blocked: ["transient", "rotate"],
  overloaded: ["transient", "retry"],
  server: ["transient", "rotate"],
  network: ["transient", "retry"],
  stream: ["transient", "rotate"],
  contextWindow: ["fine", "surface"],
  policy: ["fine", "surface"],
  capacity: ["fine", "surface"],
  modelNotFound: ["fine", "surface"],
  request: ["fine", "surface"],
  unfamiliar: ["fine", "another"],
  unknown: ["transient", "rotate"],
};

const auth = "authentication_error";
const bad = "invalid_request_error";
const entitled = "entitlement_error";
const limit = "usage_limit_reached";
const tooFast = "rate_limit_error";
const server = "server_error";
const login = "unauthorized";
const failed = "internalServerError";

/** fixture, kind, status for the client, type and code of the envelope, codexErrorInfo, retryAfterMs */
type Row = [string, FailureKind, number, string, string, unknown, number?];

const rows: Row[] = [
  // 404 that means the plan: 403, never a rate limit
  ["404-entitlement-by-type", "entitlement", 403, entitled, "usage_not_included", quota],
  ["404-entitlement-by-code", "entitlement", 403, entitled, "usage_not_included", quota],
  ["404-entitlement-by-text", "entitlement", 403, entitled, "usage_not_included", quota],
  ["404-entitlement-by-subscription-text", "entitlement", 403, entitled, "usage_not_included", quota],
  // any status with usage_not_included
  ["429-usage-not-included-with-retry-after", "entitlement", 403, entitled, "usage_not_included", quota],
  ["sse-failed-usage-not-included", "entitlement", 403, entitled, "usage_not_included", quota],
  ["400-model-not-supported-with-chatgpt", "entitlement", 403, entitled, noChatGpt, quota],
  // 404 that means a limit
  ["404-usage-limit-by-type", "usageLimit", 429, limit, limit, quota, 7_200_000],
  ["404-rate-limit-by-code", "rateLimit", 429, tooFast, "rate_limit_exceeded", rate, 20_000],
  // limits
  ["429-usage-limit", "usageLimit", 429, limit, limit, quota, 7_200_000],
  ["429-usage-limit-both-windows-full", "usageLimit", 429, limit, limit, quota, 432_000_000],
  ["429-usage-limit-no-reset", "usageLimit", 429, limit, limit, quota],
  ["429-rate-limit-text-hint", "rateLimit", 429, tooFast, "rate_limit_exceeded", rate, 6500],
  ["429-insufficient-quota", "usageLimit", 429, limit, "insufficient_quota", quota],
  ["429-organization-usage-limit", "usageLimit", 429, limit, "organization_usage_limit_exceeded", quota],
  ["429-long-retry-after-without-code", "usageLimit", 429, limit, limit, quota, 18_000_000],
  ["sse-failed-usage-limit", "usageLimit", 429, limit, limit, quota, 7_200_000],
  ["sse-failed-rate-limit", "rateLimit", 429, tooFast, "rate_limit_exceeded", rate, 1200],
  ["sse-failed-insufficient-quota", "usageLimit", 429, limit, "insufficient_quota", quota],
  ["websocket-frame-429", "usageLimit", 429, limit, limit, quota, 7_200_000],
  // "slow down"
  ["429-slow-down-short-retry-after", "slowDown", 429, tooFast, "rate_limit_exceeded", rate, 2000],
  ["429-plain-without-anything", "slowDown", 429, tooFast, "rate_limit_exceeded", rate],
  ["503-slow-down", "slowDown", 429, tooFast, "slow_down", rate],
  // 401 once
  ["401-token-expired", "unauthorized", 401, auth, "token_expired", login],
  ["401-plain-text", "unauthorized", 401, auth, "invalid_api_key", login],
  ["401-empty", "unauthorized", 401, auth, "invalid_api_key", login],
  // a new login is needed
  ["401-refresh-token-reused", "reauth", 401, bad, "refresh_token_reused", login],
  ["401-refresh-token-expired", "reauth", 401, bad, "refresh_token_expired", login],
  ["401-refresh-token-invalidated", "reauth", 401, bad, "refresh_token_invalidated", login],
  ["400-invalid-grant", "reauth", 400, bad, "invalid_grant", login],
  ["401-token-invalidated", "unauthorized", 401, auth, "token_invalidated", login],
  ["401-app-session-terminated", "reauth", 401, auth, "app_session_terminated", login],
  ["401-account-session-expired", "reauth", 401, auth, "account_session_expired", login],
  ["401-account-auth-invalidated", "reauth", 401, auth, "account_auth_invalidated", login],
  // closed accounts
  ["403-account-deactivated", "deactivated", 403, bad, "account_deactivated", login],
  ["403-account-suspended", "deactivated", 403, bad, "account_suspended", login],
  ["403-account-deleted", "deactivated", 403, bad, "account_deleted", login],
  ["402-deactivated-workspace", "deactivated", 402, "permission_error", "deactivated_workspace", login],
  ["403-workspace-access-denied", "permission", 403, "permission_error", "workspace_access_denied", "other"],
  // not the account's fault
  ["403-html-cloudflare", "blocked", 403, server, "upstream_error", "other"],
  ["500-server-error", "server", 500, server, "server_error", failed],
  ["502-html", "server", 502, server, "upstream_error", failed],
  ["503-retry-after", "server", 503, server, "upstream_error", failed, 30_000],
  ["503-overloaded", "overloaded", 503, "service_unavailable_error", "server_is_overloaded", busy],
  ["529-overloaded-by-type", "overloaded", 529, "overloaded_error", "upstream_error", busy],
  ["sse-failed-overloaded", "overloaded", 503, server, "server_is_overloaded", busy],
  ["sse-failed-server-error", "stream", 502, server, "server_error", cut],
  ["sse-failed-without-error", "unfamiliar", 502, server, "upstream_error", "other"],
  ["sse-error-flat", "stream", 502, server, "server_error", cut],
  ["network-connection-refused", "network", 502, server, "upstream_error", refused],
  ["network-name-not-found", "network", 502, server, "upstream_error", refused],
  ["network-headers-timeout", "stream", 502, server, "upstream_error", waiting],
  ["network-cut-stream", "stream", 502, server, "upstream_error", cut],
  // the request's own fault
  ["400-unsupported-parameter", "request", 400, bad, "unsupported_parameter", "badRequest"],
  ["400-plain-text", "request", 400, bad, "invalid_request_error", "badRequest"],
  ["413-payload-too-large", "request", 413, bad, "payload_too_large", "other"],
  ["422-fastapi-issues", "request", 422, bad, "validation_error", "other"],
  ["sse-incomplete-content-filter", "request", 400, bad, "invalid_request_error", "other"],
  ["404-plain", "request", 404, bad, "not_found", "other"],
  ["404-model-not-found", "modelNotFound", 404, bad, "model_not_found", "modelNotFound"],
  ["400-context-length", "contextWindow", 400, bad, "context_length_exceeded", full],
  ["sse-failed-context-length", "contextWindow", 400, bad, "context_length_exceeded", full],
  ["sse-error-nested-first", "contextWindow", 400, bad, "context_length_exceeded", full],
  ["sse-failed-invalid-prompt", "policy", 400, bad, "invalid_prompt", "other"],
  ["sse-failed-cyber-policy", "policy", 400, bad, "cyber_policy", "cyberPolicy"],
  ["sse-failed-bio-policy", "policy", 400, bad, "bio_policy", "bioPolicy"],
  ["sse-failed-flex-unavailable", "capacity", 503, server, "flex_unavailable", "flexUnavailable"],
  // a refusal that nobody knows
  ["sse-failed-unknown-code", "unfamiliar", 502, server, "glorp_declined", "other"],
  ["432-workspace-routing", "unfamiliar", 432, bad, "invalid_request_error", "other"],
  // bodies that cannot be read
  ["500-message-at-top", "server", 500, server, "server_error", failed],
  ["500-unparsable", "server", 500, server, "upstream_error", failed],
  ["502-empty", "server", 502, server, "upstream_error", failed],
];

test.each(rows)("%s is %s", (name, kind, status, type, code, info, retryAfterMs) => {
  const found = classifyFailure(readFailure(name), fixtureNowMs);
  const [account, next] = verdicts[kind];
  expect(found).toMatchObject({ kind, account, next, status });
  expect(found.envelope.error).toMatchObject({ type, code });
  expect(found.codexErrorInfo).toEqual(info);
  expect(found.retryAfterMs).toBe(retryAfterMs);
});

test("every fixture of upstream has its row", () => {
  expect(rows.map(([name]) => name).sort()).toEqual(fixtureNames().sort());
});

test.each([
  ["usage_not_included", "entitlement"],
  ["refresh_token_reused", "reauth"],
  ["account_deactivated", "deactivated"],
  ["context_length_exceeded", "contextWindow"],
  ["usage_limit_reached", "usageLimit"],
  ["rate_limit_exceeded", "rateLimit"],
])("%s means %s under any status, as code and as type", (name, kind) => {
  for (const status of [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 451, 500, 502, 503, 529, 599]) {
    for (const error of [{ code: name }, { type: name }, { code: null, type: name, message: "m" }]) {
      expect(classifyFailure({ status, body: { error } }, fixtureNowMs).kind).toBe(kind);
    }
  }
});

test.each([
  [60, "slowDown"],
  [61, "usageLimit"],
])("a 429 without a limit code and with Retry-After %i is %s", (seconds, kind) => {
  const headers = { "retry-after": String(seconds) };
  expect(classifyFailure({ status: 429, headers, body: "Too Many Requests" }, fixtureNowMs).kind).toBe(kind);
});

test("a 429 with a used-up window is a usage limit, whatever its body", () => {
  const headers = { "x-codex-primary-used-percent": "100", "x-codex-primary-reset-at": "1795226400" };
  const found = classifyFailure({ status: 429, headers, body: "" }, fixtureNowMs);
  expect(found).toMatchObject({ kind: "usageLimit", retryAfterMs: 7_200_000, isHintAuthoritative: true });
});

test("a 401 after a refresh asks for a new login", () => {
  const found = classifyFailure(readFailure("401-plain-text"), fixtureNowMs, { isAfterRefresh: true });
  expect(found).toMatchObject({ kind: "reauth", account: "reauth", next: "rotate" });
});

test("a limit keeps plan, reset and seconds in the envelope", () => {
  const { envelope, resetsAtSec } = classifyFailure(readFailure("429-usage-limit"), fixtureNowMs);
  expect(envelope.error).toMatchObject({ plan_type: "plus", resets_at: 1795226400, resets_in_seconds: 7200 });
  expect(resetsAtSec).toBe(1795226400);
});

test("a window that still has room does not lengthen the wait", () => {
  expect(classifyFailure(readFailure("429-usage-limit"), fixtureNowMs).retryAfterMs).toBe(7_200_000);
});

test("an entitlement never carries a wait, even with Retry-After", () => {
  const found = classifyFailure(readFailure("429-usage-not-included-with-retry-after"), fixtureNowMs);
  expect(found).not.toHaveProperty("retryAfterMs");
  expect(found.envelope.error).not.toHaveProperty("resets_at");
});

test.each(["x-request-id", "request-id", "openai-request-id", "x-openai-request-id"])(
  "%s and cf-ray are kept as diagnostics",
  (name) => {
    const headers = { [name]: "req_1", "CF-Ray": "ray-1" };
    const { diagnostics } = classifyFailure({ status: 500, headers, body: "" }, fixtureNowMs);
    expect(diagnostics).toEqual({ httpStatus: 500, requestId: "req_1", cfRay: "ray-1" });
  },
);

test("an unreadable body gives status and reason, and none of the HTML", () => {
  const { envelope } = classifyFailure(readFailure("403-html-cloudflare"), fixtureNowMs);
  expect(envelope.error.message).toBe("Upstream answered 403 Forbidden without a readable reason.");
});

test("a request's own fault is surfaced with upstream's words and param", () => {
  const { envelope } = classifyFailure(readFailure("400-unsupported-parameter"), fixtureNowMs);
  expect(envelope.error).toMatchObject({ message: "Unsupported parameter: 'foo'", param: "foo" });
  const issues = classifyFailure(readFailure("422-fastapi-issues"), fixtureNowMs);
  expect(issues.envelope.error).toMatchObject({ message: "Field required", param: "input.0.content" });
});

test("no token of a body reaches the message", () => {
  const secret = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln";
  const body = { error: { message: `Bad token ${secret} for rt_user_1_acct_1`, type: "x", code: "y" } };
  const { envelope } = classifyFailure({ status: 400, body }, fixtureNowMs);
  expect(envelope.error.message).toBe("Bad token [redacted] for [redacted]");
});

const anyStatus = fc.oneof(
  fc.integer({ min: 0, max: 999 }),
  fc.double(),
  fc.constantFrom(401, 403, 404, 429, 503),
);
const anyHeaders = fc.oneof(
  fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.string()))),
  fc.dictionary(
    fc.constantFrom(
      "retry-after",
      "retry-after-ms",
      "x-codex-primary-reset-at",
      "x-ratelimit-reset-requests",
    ),
    fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String)),
  ),
  fc.anything(),
);
const anyBody = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.json(),
  fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true, withSet: true }),
  fc.json().map((text) => `{"error":${text}}`),
  fc.record({ error: fc.record({ message: fc.anything(), code: fc.anything(), type: fc.anything() }) }),
);

test("classification never throws and always answers whole, whatever status, headers and body", () => {
  fc.assert(
    fc.property(anyStatus, anyHeaders, anyBody, (status, headers, body) => {
      const found = Reflect.apply(classifyFailure, undefined, [{ status, headers, body }, fixtureNowMs]);
      expectWhole(found);
    }),
    { numRuns: 600 },
  );
});

test("classification takes any thing at all as a failure", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (failure) => {
      expectWhole(Reflect.apply(classifyFailure, undefined, [failure, fixtureNowMs]));
      const event = { type: "response.failed", response: { error: failure } };
      expectWhole(classifyFailure(event, fixtureNowMs));
    }),
    { numRuns: 400 },
  );
});

test("classification takes bodies of up to 1 MB, of any repeated piece", () => {
  const piece = fc.oneof(
    fc.string({ minLength: 1, unit: "binary" }),
    fc.json(),
    fc.constantFrom('{"error":', '"', "\\"),
  );
  fc.assert(
    fc.property(piece, fc.integer({ min: 1, max: 1_000_000 }), anyStatus, (text, size, status) => {
      const body = text.repeat(Math.ceil(size / text.length)).slice(0, size);
      expectWhole(classifyFailure({ status, body }, fixtureNowMs));
      expectWhole(classifyFailure({ status, body: { error: { message: body, code: body } } }, fixtureNowMs));
    }),
    { numRuns: 25 },
  );
});

function expectWhole(found: ReturnType<typeof classifyFailure>): void {
  const { envelope, status, retryAfterMs = 0, resetsAtSec = 1 } = found;
  expect(status >= 400 && status <= 599).toBe(true);
  expect(
    Object.values(envelope.error)
      .slice(0, 3)
      .every((each) => typeof each === "string"),
  ).toBe(true);
  expect(Number.isSafeInteger(retryAfterMs) && retryAfterMs >= 0).toBe(true);
  expect(Number.isSafeInteger(resetsAtSec)).toBe(true);
  expect(["rotate", "another", "refresh", "retry", "surface"]).toContain(found.next);
}

const options: ClassifyOptions = { utcOffsetMinutes: 0 };

test.each([
  ["text", (size: number) => "try again in ".repeat(size / 13)],
  ["digits", (size: number) => "1".repeat(size)],
  ["HTML", (size: number) => `<html>${"<p>".repeat(size / 3)}`],
  ["deep JSON", (size: number) => "[".repeat(size / 2) + "]".repeat(size / 2)],
  ["deep objects", (size: number) => `${'{"error":'.repeat(size / 10)}1${"}".repeat(size / 10)}`],
  ["a long message", (size: number) => JSON.stringify({ error: { message: "wait 1h ".repeat(size / 8) } })],
  ["a long code", (size: number) => JSON.stringify({ error: { code: "_a".repeat(size / 2) } })],
  ["half-open tokens", (size: number) => '"access_token": "eyJ. bearer '.repeat(size / 29)],
])("a body of 1 MB of %s takes time in proportion to its length", (_, make) => {
  const measured = growth(make, 1_000_000, (body) => {
    classifyFailure({ status: 429, body }, fixtureNowMs, options);
  });
  expect(measured).toBeLessThan(3);
});

// Codex's own words for what is no window: without them a 429 that names no code counts as "slow down".
test.each([
  "You hit your spend cap set by the owner of your workspace. Ask an owner to increase your spend cap to continue.",
  "Your workspace is out of credits. Ask your workspace owner to refill in order to continue.",
])("%s means that the account cannot serve for now", (message) => {
  const body = { error: { message } };
  expect(classifyFailure({ status: 429, headers: {}, body }, 0)).toMatchObject({
    kind: "usageLimit",
    account: "limited",
    next: "rotate",
  });
});
