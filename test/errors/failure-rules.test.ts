import * as fc from "fast-check";
import { expect, test } from "vitest";
import { classifyFailure } from "../../src/errors/classify.ts";
import { toCodexErrorInfo } from "../../src/errors/codex-error-info.ts";
import { finalCodes, seenVersions } from "../../src/errors/failure-rules.ts";

const nowMs = 1_795_219_200_000;

function inStream(error: object) {
  return classifyFailure({ type: "response.failed", response: { status: "failed", error } }, nowMs);
}

// The proxy knew two of them and asked every account for the rest: 59 requests for one that Codex alone sends once.
test.each([
  ["context_length_exceeded", "contextWindowExceeded"],
  ["invalid_prompt", "other"],
  ["cyber_policy", "cyberPolicy"],
  ["bio_policy", "bioPolicy"],
  ["misalignment_policy_violation", "misalignmentPolicyViolation"],
  ["content_policy_violation", "other"],
  ["inference_hook_denied", "inferenceHookDenied"],
  ["access_program_not_enabled", "other"],
  ["flex_unavailable", "flexUnavailable"],
  ["policy_capacity_unavailable", "policyCapacityUnavailable"],
  ["model_not_found", "modelNotFound"],
  ["audio_too_large", "badRequest"],
  ["invalid_audio", "badRequest"],
  ["invalid_audio_data", "badRequest"],
  ["invalid_audio_format", "badRequest"],
  ["missing_audio_sample_rate", "badRequest"],
  ["budget_reached", "sessionBudgetExceeded"],
])("%s inside a stream is final and no account's fault", (code, info) => {
  for (const error of [
    { code, message: "m" },
    { code: null, type: code, message: "m" },
  ]) {
    expect(inStream(error)).toMatchObject({ account: "fine", next: "surface", codexErrorInfo: info });
    const frame = { type: "error", status: 403, error };
    expect(classifyFailure(frame, nowMs)).toMatchObject({ account: "fine", next: "surface" });
  }
});

test.each([
  ["insufficient_quota", "limited"],
  ["usage_not_included", "entitlement"],
  ["server_is_overloaded", "transient"],
])("%s ends a turn of Codex too, but another account may serve it", (code, account) => {
  const found = inStream({ code, message: "m" });
  expect(found.account).toBe(account);
  expect(["rotate", "retry"]).toContain(found.next);
});

test("every code of the table is what the table says, whatever the status, and was seen in a version", () => {
  for (const [code, { kind, since }] of Object.entries(finalCodes)) {
    expect(seenVersions).toContain(since);
    const error = { code, message: "m" };
    expect([code, inStream(error).kind]).toEqual([code, kind]);
    for (const status of [400, 403, 429, 503])
      expect([code, classifyFailure({ status, body: { error } }, nowMs).kind]).toEqual([code, kind]);
  }
});

test.each([
  "weapons_policy",
  "chem_policy_violation",
  "image_moderation_blocked",
  "content_filter",
  "safety_stop",
])("%s, which no Codex knows, reads like a refusal of content and is not replayed", (code) => {
  expect(inStream({ code, message: "m" })).toMatchObject({
    kind: "policy",
    account: "fine",
    next: "surface",
  });
});

test("a code in a stream that nobody knows is worth one more account, and no account's fault", () => {
  const word = fc.stringMatching(/^[b-df-hj-np-tv-z]{3,12}$/);
  fc.assert(
    fc.property(word, word, fc.constantFrom(undefined, "server_error", "api_error"), (one, two, type) => {
      const found = inStream({ code: `${one}_${two}`, message: "m", ...(type && { type }) });
      expect(found).toMatchObject({ kind: "unfamiliar", account: "fine", next: "another" });
      expect(found).not.toHaveProperty("retryAfterMs");
    }),
  );
  for (const error of [{ message: "Something went wrong." }, {}, null])
    expect(inStream(error as object)).toMatchObject({ kind: "unfamiliar", next: "another" });
});

test.each([
  "server_error",
  "internal_server_error",
  "internal_error",
  "upstream_error",
  "timeout",
  "request_timeout",
])("%s inside a stream is upstream's trouble: every account may be asked", (code) => {
  expect(inStream({ code, message: "m" })).toMatchObject({
    kind: "stream",
    account: "transient",
    next: "rotate",
  });
});

test.each([
  [432, { detail: "Workspace routing is unavailable" }, "another"],
  [432, "", "another"],
  [499, { error: { code: "x", message: "m" } }, "another"],
  [404, { detail: "Workspace not found" }, "another"],
  [409, { error: { code: "account_migrating", message: "m" } }, "another"],
  [423, { error: { message: "This workspace is locked.", code: "locked" } }, "another"],
  [400, { detail: "Workspace routing failed" }, "another"],
  [400, { error: { code: "invalid_value", param: "account", message: "Bad account" } }, "surface"],
  [400, { detail: "Unsupported parameter: temperature" }, "surface"],
  [404, { detail: "Not Found" }, "surface"],
  [409, "", "surface"],
  [413, { detail: "The workspace allows less" }, "surface"],
  [422, { detail: "account is missing" }, "surface"],
])("%i %j: the next step is %s", (status, body, next) => {
  expect(classifyFailure({ status, body }, nowMs)).toMatchObject({ account: "fine", next, status });
});

test.each(["token_invalidated", "token_revoked", "token_expired", "session_gone", "invalid_api_key"])(
  "401 %s means one renewal, and after it the login is in doubt",
  (code) => {
    const failure = { status: 401, body: { error: { code, message: "m" } } };
    expect(classifyFailure(failure, nowMs)).toMatchObject({ kind: "unauthorized", next: "refresh" });
    expect(classifyFailure(failure, nowMs, { isAfterRefresh: true })).toMatchObject({ kind: "reauth" });
  },
);

test("an access token that is refused inside a stream or with another status means a renewal too", () => {
  expect(inStream({ code: "token_revoked", message: "m" }).next).toBe("refresh");
  const failure = { status: 403, body: { error: { code: "token_invalidated" } } };
  expect(classifyFailure(failure, nowMs).next).toBe("refresh");
  expect(classifyFailure(failure, nowMs, { isAfterRefresh: true }).kind).toBe("reauth");
});

test("501 says that the thing does not exist, which no other account changes", () => {
  for (const body of ["", "<html></html>", { error: { message: "Feature not implemented" } }]) {
    const found = classifyFailure({ status: 501, body }, nowMs);
    expect(found).toMatchObject({ kind: "request", account: "fine", next: "surface", status: 501 });
    expect(found.envelope.error).toMatchObject({ type: "server_error", code: "not_implemented" });
  }
});

test.each(
  (
    "contextWindowExceeded sessionBudgetExceeded usageLimitExceeded rateLimitExceeded flexUnavailable serverOverloaded " +
    "modelNotFound policyCapacityUnavailable inferenceHookDenied cyberPolicy bioPolicy misalignmentPolicyViolation " +
    "tooManyDenials internalServerError unauthorized badRequest threadRollbackFailed sandboxError other"
  ).split(" "),
)("toCodexErrorInfo yields %s for a failure that is named so", (name) => {
  const code = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  expect(toCodexErrorInfo({ code })).toBe(name);
  expect(toCodexErrorInfo({ type: code, status: 500 })).toBe(name);
});
