import { expect, test } from "vitest";
import { handleErrorResponse } from "../../src/compat/handle-error-response.ts";
import { fixtureNowMs as nowMs, readHttp } from "../support/upstream-fixture.ts";

const day = 86_400_000;

async function handle(name: string, options: object = {}) {
  const { status, headers, body } = readHttp(name);
  const handled = await handleErrorResponse(new Response(body, { status, headers }), { nowMs, ...options });
  return { ...handled, json: await handled.response.json() };
}

async function handleText(message: string, headers: Record<string, string> = {}) {
  const body = JSON.stringify({ error: { message, type: "rate_limit_error", code: "rate_limit_exceeded" } });
  const { rateLimit } = await handleErrorResponse(new Response(body, { status: 429, headers }), { nowMs });
  return rateLimit;
}

test("an entitlement 404 becomes 403 entitlement_error, never a rate limit", async () => {
  const { response, rateLimit, json } = await handle("404-entitlement-by-type");
  expect(response.status).toBe(403);
  expect(json).toMatchObject({
    error: {
      type: "entitlement_error",
      code: "usage_not_included",
      plan_type: "free",
    },
  });
  expect(rateLimit).toBeUndefined();
});

test("a usage-limit 404 becomes 429 with its wait", async () => {
  const { response, rateLimit, json } = await handle("404-usage-limit-by-type");
  expect(response.status).toBe(429);
  expect(rateLimit).toEqual({
    retryAfterMs: 7_200_000,
    resetsAtSec: 1795226400,
    code: "usage_limit_reached",
  });
  expect(json).toMatchObject({
    error: { resets_at: 1795226400, resets_in_seconds: 7200, plan_type: "plus" },
  });
});

test("param is kept, and the body of the response is errorBody", async () => {
  const { response, errorBody, json } = await handle("400-unsupported-parameter");
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(json).toEqual(errorBody);
  expect(errorBody.error).toMatchObject({ param: "foo", message: "Unsupported parameter: 'foo'" });
});

test("diagnostics hold every id that is known", async () => {
  const { errorBody } = await handle("403-html-cloudflare", { requestCorrelationId: "c-1", threadId: "t-1" });
  expect(errorBody.error.diagnostics).toEqual({
    httpStatus: 403,
    requestId: "req_0f5c2d9a7b31",
    cfRay: "9a1b2c3d4e5f-FRA",
    correlationId: "c-1",
    threadId: "t-1",
  });
  const { errorBody: bare } = await handleErrorResponse(new Response("", { status: 500 }), { nowMs });
  expect(bare.error.diagnostics).toEqual({ httpStatus: 500 });
});

test("upstream's other headers stay, those of its body go", async () => {
  const headers = { "x-codex-active-limit": "codex", "content-encoding": "gzip", "content-length": "999" };
  const { response } = await handleErrorResponse(new Response("x", { status: 500, headers }), { nowMs });
  expect(response.headers.get("x-codex-active-limit")).toBe("codex");
  expect([response.headers.get("content-encoding"), response.headers.get("content-length")]).toEqual([
    null,
    null,
  ]);
});

// codex-multi-auth reads the first unit only: 1 hour 30 minutes was 1 hour.
test.each([
  ["try again in 1 hour 30 minutes", 5_400_000],
  ["try again in 20s", 20_000],
  ["try again in 3 days 4 hours 9 minutes", 3 * day + 4 * 3_600_000 + 9 * 60_000],
])("differs from codex-multi-auth: %s is honest", async (message, retryAfterMs) => {
  expect(await handleText(message)).toMatchObject({ retryAfterMs });
});

test("words are believed up to 7 days, headers and fields up to 366", async () => {
  expect(await handleText("try again in 20 days")).toEqual({
    retryAfterMs: 7 * day,
    code: "rate_limit_exceeded",
  });
  expect(await handleText("x", { "retry-after": String((20 * day) / 1000) })).toMatchObject({
    retryAfterMs: 20 * day,
  });
  const both = await handleText("try again in 20 days", { "retry-after": String((21 * day) / 1000) });
  expect(both).toMatchObject({ retryAfterMs: 21 * day });
});

test("a limit without a wait has none, and a transient 503 is no rate limit", async () => {
  expect((await handle("429-plain-without-anything")).rateLimit).toEqual({ code: "rate_limit_exceeded" });
  expect((await handle("503-retry-after")).rateLimit).toBeUndefined();
});
