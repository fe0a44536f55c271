import * as fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { type ApiErrorCode, apiErrors } from "../../src/errors/api-errors.ts";
import { parseErrorEnvelope, toErrorEnvelope, validationEnvelope } from "../../src/errors/envelope.ts";

test.each<[string, ApiErrorCode, number[]]>([
  ["authentication_error", "invalid_api_key", [401]],
  ["permission_error", "model_not_allowed", [403]],
  ["permission_error", "insufficient_permissions", [403]],
  ["entitlement_error", "usage_not_included", [403]],
  ["entitlement_error", "model_not_supported_with_chatgpt_account", [403]],
  ["invalid_request_error", "invalid_request_error", [400]],
  ["invalid_request_error", "not_found", [404]],
  ["invalid_request_error", "validation_error", [422]],
  ["rate_limit_error", "rate_limit_exceeded", [429]],
  ["usage_limit_reached", "usage_limit_reached", [429]],
  ["usage_limit_reached", "codex_runtime_rotation_pool_exhausted", [429, 503]],
  ["server_error", "server_error", [500]],
  ["server_error", "internal_error", [500]],
  ["server_error", "not_implemented", [501]],
  ["server_error", "upstream_error", [502, 503]],
  ["server_error", "no_accounts", [503]],
])("%s has the code %s", (type, code, statuses) => {
  expect(apiErrors[code]).toMatchObject({ type, statuses });
  expect(toErrorEnvelope({ code, message: "m" })).toEqual({ error: { message: "m", type, code } });
});

test("message, type and code are always there, optional fields only when set", () => {
  const { error } = toErrorEnvelope({ code: "strange", message: "", param: undefined });
  expect(Object.keys(error)).toEqual(["message", "type", "code"]);
  expect(error.type).toBe("server_error");
});

test("times are integers, rounded up, and never infinite", () => {
  const { error } = toErrorEnvelope({
    code: "usage_limit_reached",
    message: "m",
    resetsAtSec: 1.2,
    resetsInSeconds: Infinity,
  });
  expect(error).toEqual({
    message: "m",
    type: "usage_limit_reached",
    code: "usage_limit_reached",
    resets_at: 2,
  });
});

test("a zod issue becomes 422 validation_error with the path in dot notation", () => {
  const schema = z.object({ input: z.array(z.object({ content: z.string() })) });
  const { error } = schema.safeParse({ input: [{ content: 5 }] });
  const envelope = validationEnvelope(error?.issues ?? []);
  expect(envelope.error).toMatchObject({
    type: "invalid_request_error",
    code: "validation_error",
    param: "input.0.content",
  });
  expect(validationEnvelope([]).error).not.toHaveProperty("param");
  expect(validationEnvelope([{ path: [], message: "root" }]).error).not.toHaveProperty("param");
});

test.each([
  ["not JSON"],
  [{}],
  [{ error: null }],
  [{ error: { message: "m", type: "t" } }],
  [{ error: { message: 5, type: "t", code: "c" } }],
  [[]],
  [null],
])("%j is no envelope", (body) => {
  expect(parseErrorEnvelope(body)).toBeUndefined();
});

test("optional fields of a wrong type are left out", () => {
  const error = {
    message: "m",
    type: "t",
    code: "c",
    param: null,
    resets_at: "soon",
    plan_type: 7,
    account_skip_reasons: { a: 1 },
  };
  expect(parseErrorEnvelope({ error })).toEqual({
    message: "m",
    type: "t",
    code: "c",
    accountSkipReasons: {},
  });
});

const text = fc.string({ minLength: 1 });
const whole = fc.integer({ min: 0 });
const detail = fc.record(
  {
    message: fc.string(),
    type: fc.string(),
    code: fc.string(),
    param: fc.string(),
    planType: fc.string(),
    resetsAtSec: whole,
    resetsInSeconds: whole,
    reason: fc.string(),
    retryAfterMs: whole,
    accountSkipReasons: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
    hint: fc.string(),
    pinSource: fc.string(),
    resetAtSec: whole,
    diagnostics: fc.record(
      { httpStatus: whole, requestId: text, cfRay: text, threadId: text },
      { requiredKeys: [], noNullPrototype: true },
    ),
  },
  { requiredKeys: ["message", "type", "code"], noNullPrototype: true },
);

test("parse(build(x)) is x, as a value and as text", () => {
  fc.assert(
    fc.property(detail, (given) => {
      const envelope = toErrorEnvelope(given);
      expect(parseErrorEnvelope(envelope)).toStrictEqual(given);
      expect(parseErrorEnvelope(JSON.stringify(envelope))).toEqual(given);
    }),
  );
});
