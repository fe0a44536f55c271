import * as fc from "fast-check";
import { expect, test } from "vitest";
import { classifyFailure } from "../../src/errors/classify.ts";
import type { ClassifyOptions } from "../../src/errors/failure-facts.ts";
import { growth } from "../support/growth.ts";
import { fixtureNames, fixtureNowMs, readFailure } from "../support/upstream-fixture.ts";

const quota = "usageLimitExceeded";
const rate = "rateLimitExceeded";
const cut = { responseStreamDisconnected: { httpStatusCode: null } };
const refused = { httpConnectionFailed: { httpStatusCode: null } };
const waiting = { responseStreamConnectionFailed: { httpStatusCode: null } };

/** fixture, kind, account, next, status, type/code of the envelope, codexErrorInfo, retryAfterMs */
type Row = [string, string, string, string, number, string, unknown, number?];

const twoHours = 7_200_000;
const limitReached = "usage_limit_reached/usage_limit_reached";
const tooFast = "rate_limit_error/rate_limit_exceeded";
const notIncluded = "entitlement_error/usage_not_included";

const rows: Row[] = [
  // 404 that means the plan: 403, never a rate limit
  ["404-entitlement-by-type", "entitlement", "entitlement", "rotate", 403, notIncluded, quota],
  ["404-entitlement-by-code", "entitlement", "entitlement", "rotate", 403, notIncluded, quota],
  ["404-entitlement-by-text", "entitlement", "entitlement", "rotate", 403, notIncluded, quota],
  ["404-entitlement-by-subscription-text", "entitlement", "entitlement", "rotate", 403, notIncluded, quota],
  // any status with usage_not_included
  [
    "429-usage-not-included-with-retry-after",
    "entitlement",
    "entitlement",
    "rotate",
    403,
    notIncluded,
    quota,
  ],
  ["sse-failed-usage-not-included", "entitlement", "entitlement", "rotate", 403, notIncluded, quota],
  [
    ...(["400-model-not-supported-with-chatgpt", "entitlement", "entitlement", "rotate", 403] as const),
    "entitlement_error/model_not_supported_with_chatgpt_account",
    quota,
  ],
  // 404 that means a limit
  ["404-usage-limit-by-type", "usageLimit", "limited", "rotate", 429, limitReached, quota, twoHours],
  ["404-rate-limit-by-code", "rateLimit", "limited", "rotate", 429, tooFast, rate, 20_000],
  // limits
  ["429-usage-limit", "usageLimit", "limited", "rotate", 429, limitReached, quota, twoHours],
  [
    "429-usage-limit-both-windows-full",
    "usageLimit",
    "limited",
    "rotate",
    429,
    limitReached,
    quota,
    432_000_000,
  ],
  ["429-usage-limit-no-reset", "usageLimit", "limited", "rotate", 429, limitReached, quota],
  ["429-rate-limit-text-hint", "rateLimit", "limited", "rotate", 429, tooFast, rate, 6500],
  [
    ...(["429-insufficient-quota", "usageLimit", "limited", "rotate", 429] as const),
    "usage_limit_reached/insufficient_quota",
    quota,
  ],
  [
    ...(["429-organization-usage-limit", "usageLimit", "limited", "rotate", 429] as const),
    "usage_limit_reached/organization_usage_limit_exceeded",
    quota,
  ],
  [
    "429-long-retry-after-without-code",
    "usageLimit",
    "limited",
    "rotate",
    429,
    limitReached,
    quota,
    18_000_000,
  ],
  ["sse-failed-usage-limit", "usageLimit", "limited", "rotate", 429, limitReached, quota, twoHours],
  ["sse-failed-rate-limit", "rateLimit", "limited", "rotate", 429, tooFast, rate, 1200],
  [
    ...(["sse-failed-insufficient-quota", "usageLimit", "limited", "rotate", 429] as const),
    "usage_limit_reached/insufficient_quota",
    quota,
  ],
  ["websocket-frame-429", "usageLimit", "limited", "rotate", 429, limitReached, quota, twoHours],
  // "slow down"
  ["429-slow-down-short-retry-after", "slowDown", "transient", "rotate", 429, tooFast, rate, 2000],
  ["429-plain-without-anything", "slowDown", "transient", "rotate", 429, tooFast, rate],
  ["503-slow-down", "slowDown", "transient", "rotate", 429, "rate_limit_error/slow_down", rate],
  // 401 once
  [
    "401-token-expired",
    "unauthorized",
    "transient",
    "refresh",
    401,
    "authentication_error/token_expired",
    "unauthorized",
  ],
  [
    "401-plain-text",
    "unauthorized",
    "transient",
    "refresh",
    401,
    "authentication_error/invalid_api_key",
    "unauthorized",
  ],
  [
    "401-empty",
    "unauthorized",
    "transient",
    "refresh",
    401,
    "authentication_error/invalid_api_key",
    "unauthorized",
  ],
  // a new login is needed
  ...["refresh_token_reused", "refresh_token_expired", "refresh_token_invalidated"].map((code): Row => {
    const name = `401-${code.replaceAll("_", "-")}`;
    return [name, "reauth", "reauth", "rotate", 401, `invalid_request_error/${code}`, "unauthorized"];
  }),
  [
    "400-invalid-grant",
    "reauth",
    "reauth",
    "rotate",
    400,
    "invalid_request_error/invalid_grant",
    "unauthorized",
  ],
  ...[
    "token_invalidated",
    "app_session_terminated",
    "account_session_expired",
    "account_auth_invalidated",
  ].map((code): Row => {
    const name = `401-${code.replaceAll("_", "-")}`;
    return [name, "reauth", "reauth", "rotate", 401, `authentication_error/${code}`, "unauthorized"];
  }),
  // closed accounts
  ...["account_deactivated", "account_suspended", "account_deleted"].map((code): Row => {
    const name = `403-${code.replaceAll("_", "-")}`;
    return [
      name,
      "deactivated",
      "deactivated",
      "rotate",
      403,
      `invalid_request_error/${code}`,
      "unauthorized",
    ];
  }),
  [
    ...(["402-deactivated-workspace", "deactivated", "deactivated", "rotate", 402] as const),
    "permission_error/deactivated_workspace",
    "unauthorized",
  ],
  [
    ...(["403-workspace-access-denied", "permission", "entitlement", "rotate", 403] as const),
    "permission_error/workspace_access_denied",
    "other",
  ],
  // not the account's fault
  ["403-html-cloudflare", "blocked", "transient", "rotate", 403, "server_error/upstream_error", "other"],
  [
    "500-server-error",
    "server",
    "transient",
    "rotate",
    500,
    "server_error/server_error",
    "internalServerError",
  ],
  ["502-html", "server", "transient", "rotate", 502, "server_error/upstream_error", "internalServerError"],
  [
    "503-retry-after",
    "server",
    "transient",
    "rotate",
    503,
    "server_error/upstream_error",
    "internalServerError",
    30_000,
  ],
  [
    ...(["503-overloaded", "overloaded", "transient", "retry", 503] as const),
    "service_unavailable_error/server_is_overloaded",
    "serverOverloaded",
  ],
  [
    "529-overloaded-by-type",
    "overloaded",
    "transient",
    "retry",
    529,
    "overloaded_error/upstream_error",
    "serverOverloaded",
  ],
  [
    "sse-failed-overloaded",
    "overloaded",
    "transient",
    "retry",
    503,
    "server_error/server_is_overloaded",
    "serverOverloaded",
  ],
  ["sse-failed-server-error", "stream", "transient", "rotate", 502, "server_error/server_error", cut],
  ["sse-failed-without-error", "stream", "transient", "rotate", 502, "server_error/upstream_error", cut],
  ["sse-error-flat", "stream", "transient", "rotate", 502, "server_error/server_error", cut],
  ["sse-incomplete-content-filter", "stream", "transient", "rotate", 502, "server_error/upstream_error", cut],
  [
    "network-connection-refused",
    "network",
    "transient",
    "retry",
    502,
    "server_error/upstream_error",
    refused,
  ],
  ["network-name-not-found", "network", "transient", "retry", 502, "server_error/upstream_error", refused],
  ["network-headers-timeout", "stream", "transient", "rotate", 502, "server_error/upstream_error", waiting],
  ["network-cut-stream", "stream", "transient", "rotate", 502, "server_error/upstream_error", cut],
  // the request's own fault
  [
    "400-unsupported-parameter",
    "request",
    "fine",
    "surface",
    400,
    "invalid_request_error/unsupported_parameter",
    "badRequest",
  ],
  [
    "400-plain-text",
    "request",
    "fine",
    "surface",
    400,
    "invalid_request_error/invalid_request_error",
    "badRequest",
  ],
  [
    "413-payload-too-large",
    "request",
    "fine",
    "surface",
    413,
    "invalid_request_error/payload_too_large",
    "other",
  ],
  [
    "422-fastapi-issues",
    "request",
    "fine",
    "surface",
    422,
    "invalid_request_error/validation_error",
    "other",
  ],
  ["404-plain", "request", "fine", "surface", 404, "invalid_request_error/not_found", "other"],
  [
    "404-model-not-found",
    "modelNotFound",
    "fine",
    "surface",
    404,
    "invalid_request_error/model_not_found",
    "modelNotFound",
  ],
  ...["400-context-length", "sse-failed-context-length", "sse-error-nested-first"].map((name): Row => [
    ...([name, "contextWindow", "fine", "surface", 400] as const),
    "invalid_request_error/context_length_exceeded",
    "contextWindowExceeded",
  ]),
  [
    "sse-failed-invalid-prompt",
    "policy",
    "fine",
    "surface",
    400,
    "invalid_request_error/invalid_prompt",
    "other",
  ],
  [
    "sse-failed-cyber-policy",
    "policy",
    "fine",
    "surface",
    400,
    "invalid_request_error/cyber_policy",
    "cyberPolicy",
  ],
  // bodies that cannot be read
  [
    "500-message-at-top",
    "server",
    "transient",
    "rotate",
    500,
    "server_error/server_error",
    "internalServerError",
  ],
  [
    "500-unparsable",
    "server",
    "transient",
    "rotate",
    500,
    "server_error/upstream_error",
    "internalServerError",
  ],
  ["502-empty", "server", "transient", "rotate", 502, "server_error/upstream_error", "internalServerError"],
];

test.each(rows)("%s is %s", (name, kind, account, next, status, names, info, retryAfterMs) => {
  const found = classifyFailure(readFailure(name), fixtureNowMs);
  const { type, code } = found.envelope.error;
  expect({ ...found, names: `${type}/${code}` }).toMatchObject({ kind, account, next, status, names });
  expect(found.codexErrorInfo).toEqual(info);
  expect(found.retryAfterMs).toBe(retryAfterMs);
});

test("every fixture of upstream has its row", () => {
  expect(rows.map(([name]) => name).sort()).toEqual(fixtureNames().sort());
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
    { numRuns: 1500 },
  );
});

test("classification takes any thing at all as a failure", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (failure) => {
      expectWhole(Reflect.apply(classifyFailure, undefined, [failure, fixtureNowMs]));
      const event = { type: "response.failed", response: { error: failure } };
      expectWhole(classifyFailure(event, fixtureNowMs));
    }),
    { numRuns: 1000 },
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
  expect(["rotate", "refresh", "retry", "surface"]).toContain(found.next);
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
  expect(measured).toBeLessThan(4);
});
