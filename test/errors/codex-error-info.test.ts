import * as fc from "fast-check";
import { expect, test } from "vitest";
import { codexErrorGuide } from "../../src/errors/codex-error-guide.ts";
import {
  type CodexErrorFacts,
  type CodexErrorInfo,
  codexErrorName,
  codexErrorStatus,
  isKnownCodexErrorInfo,
  parseCodexErrorInfo,
  toCodexErrorInfo,
} from "../../src/errors/codex-error-info.ts";

test.each<[CodexErrorFacts, unknown]>([
  [{ status: 401 }, "unauthorized"],
  [{ status: 400 }, "badRequest"],
  [{ status: 429, code: "usage_limit_reached" }, "usageLimitExceeded"],
  [
    { status: 429, type: "usage_limit_reached", code: "codex_runtime_rotation_pool_exhausted" },
    "usageLimitExceeded",
  ],
  [{ code: "insufficient_quota" }, "usageLimitExceeded"],
  [{ status: 403, type: "entitlement_error" }, "usageLimitExceeded"],
  [{ status: 429, code: "rate_limit_exceeded" }, "rateLimitExceeded"],
  [{ status: 503, code: "slow_down" }, "rateLimitExceeded"],
  [{ status: 400, code: "context_length_exceeded" }, "contextWindowExceeded"],
  [{ status: 503, code: "server_is_overloaded" }, "serverOverloaded"],
  [{ status: 529, type: "overloaded_error" }, "serverOverloaded"],
  [{ status: 404, code: "model_not_found" }, "modelNotFound"],
  [{ status: 400, code: "cyber_policy" }, "cyberPolicy"],
  [{ status: 500 }, "internalServerError"],
  [{ status: 503 }, "internalServerError"],
  [{ stage: "connect" }, { httpConnectionFailed: { httpStatusCode: null } }],
  [{ stage: "connect", status: 503 }, { httpConnectionFailed: { httpStatusCode: 503 } }],
  [{ stage: "streamConnect", status: 502 }, { responseStreamConnectionFailed: { httpStatusCode: 502 } }],
  [{ stage: "stream" }, { responseStreamDisconnected: { httpStatusCode: null } }],
  [{ stage: "retriesExhausted", status: 429 }, { responseTooManyFailedAttempts: { httpStatusCode: 429 } }],
  [{ stage: "sandbox" }, "sandboxError"],
  [{ status: 403 }, "other"],
  [{}, "other"],
])("%j is %j", (facts, expected) => {
  expect(toCodexErrorInfo(facts)).toEqual(expected);
});

const names = (
  "contextWindowExceeded sessionBudgetExceeded usageLimitExceeded rateLimitExceeded flexUnavailable " +
  "serverOverloaded modelNotFound policyCapacityUnavailable inferenceHookDenied cyberPolicy bioPolicy " +
  "misalignmentPolicyViolation tooManyDenials internalServerError unauthorized badRequest " +
  "threadRollbackFailed sandboxError other"
).split(" ");

test.each(names)("%s is read in the spelling of every version", (name) => {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  for (const value of [name, snake, { [name]: {} }, { type: name }, { [snake]: {} }, { [name]: null }]) {
    const info = parseCodexErrorInfo(value);
    expect(info).toBe(name);
    expect(info !== undefined && isKnownCodexErrorInfo(info)).toBe(true);
  }
});

test.each([
  "httpConnectionFailed",
  "responseStreamConnectionFailed",
  "responseStreamDisconnected",
  "responseTooManyFailedAttempts",
])("%s is read with its status in the spelling of every version", (name) => {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const expected = { [name]: { httpStatusCode: 503 } };
  expect(parseCodexErrorInfo(expected)).toEqual(expected);
  expect(parseCodexErrorInfo({ [snake]: { http_status_code: 503 } })).toEqual(expected);
  expect(parseCodexErrorInfo({ type: name, httpStatusCode: 503 })).toEqual(expected);
  expect(codexErrorStatus(expected)).toBe(503);
  expect(codexErrorName(expected)).toBe(name);
  for (const none of [{ [name]: {} }, { [name]: { httpStatusCode: null } }]) {
    expect(parseCodexErrorInfo(none)).toEqual({ [name]: { httpStatusCode: null } });
  }
});

test("a turn that cannot be steered keeps its kind", () => {
  const info = { activeTurnNotSteerable: { turnKind: "review" } };
  expect(parseCodexErrorInfo(info)).toEqual(info);
  expect(parseCodexErrorInfo({ active_turn_not_steerable: { turn_kind: "review" } })).toEqual(info);
});

test.each([["brandNew"], [{ brandNew: { deep: 1 } }], [{ type: "brandNew", x: 1 }], [{}], [{ a: 1, b: 2 }]])(
  "an unknown variant %j comes through as it is",
  (value) => {
    const info = parseCodexErrorInfo(value);
    expect(info).toEqual(value);
    expect(info !== undefined && isKnownCodexErrorInfo(info)).toBe(false);
  },
);

function whatToDo(info: CodexErrorInfo): string {
  const name = codexErrorName(info);
  return name === "unknown" ? "show the message" : codexErrorGuide[name].action;
}

test.each<[CodexErrorInfo, string]>([
  ["usageLimitExceeded", codexErrorGuide.usageLimitExceeded.action],
  ["brandNew", "show the message"],
  ["toString", "show the message"],
  [{ brandNew: { httpStatusCode: 503 } }, "show the message"],
  [{}, "show the message"],
  [{ activeTurnNotSteerable: { turnKind: "review" } }, codexErrorGuide.activeTurnNotSteerable.action],
])("the name of %j is one of a closed list", (info, action) => {
  expect(whatToDo(info)).toBe(action);
});

test("the status of a variant that is not known is read all the same", () => {
  expect(codexErrorStatus({ brandNew: { httpStatusCode: 503 } })).toBe(503);
});

test.each([[null], [undefined], [7], [[]], [true]])("%j names no variant", (value) => {
  expect(parseCodexErrorInfo(value)).toBeUndefined();
});

test("parse(build(x)) is what was built, for any facts", () => {
  const stage = fc.constantFrom("connect", "streamConnect", "stream", "retriesExhausted", "sandbox");
  const facts = fc.record(
    { status: fc.nat(999), code: fc.string(), type: fc.string(), stage },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(facts, (given) => {
      const built = toCodexErrorInfo(given);
      expect(parseCodexErrorInfo(JSON.parse(JSON.stringify(built)))).toEqual(built);
      expect(isKnownCodexErrorInfo(built)).toBe(true);
    }),
  );
});

test("anything may be parsed without a throw", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (value) => void parseCodexErrorInfo(value)),
  );
});
