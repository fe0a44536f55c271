import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type AppServerError, parseAppServerError } from "../../src/errors/app-server-error.ts";
import { parseRetryHint } from "../../src/errors/retry-hint.ts";

const folder = new URL("../../fixtures/app-server/", import.meta.url);
const disconnected = (httpStatusCode: number | null) => ({ responseStreamDisconnected: { httpStatusCode } });
const exhausted = (httpStatusCode: number) => ({ responseTooManyFailedAttempts: { httpStatusCode } });
const connection = (httpStatusCode: number) => ({ httpConnectionFailed: { httpStatusCode } });

/** case, how often Codex said that it retries, the variant it retried for, the variant that ended the turn */
type Row = [string, number, unknown, unknown];

// Recorded from codex-cli 0.169.0 against a backend that fails on purpose.
const newRows: Row[] = [
  ["401", 5, disconnected(401), connection(401)],
  ["401-refresh-reused", 0, undefined, "unauthorized"],
  ["usage-limit", 0, undefined, "usageLimitExceeded"],
  ["429-plain", 0, undefined, exhausted(429)],
  ["429-retry-after", 5, disconnected(429), exhausted(429)],
  ["500", 5, disconnected(null), "internalServerError"],
  ["503", 5, disconnected(503), connection(503)],
  ["context-length-400", 0, undefined, "contextWindowExceeded"],
  ["context-length-stream", 0, undefined, "contextWindowExceeded"],
  ["cut-stream", 5, disconnected(null), "other"],
  ["cut-once", 1, disconnected(null), undefined],
  ["500-once", 0, undefined, undefined],
  ["403-html", 5, disconnected(403), connection(403)],
  ["bad-request", 0, undefined, "other"],
  ["cyber-policy", 0, undefined, "cyberPolicy"],
  ["entitlement-429", 0, undefined, "usageLimitExceeded"],
  ["model-not-found", 0, undefined, "modelNotFound"],
  ["overloaded", 0, undefined, "serverOverloaded"],
  ["pool-exhausted", 0, undefined, "usageLimitExceeded"],
  ["rate-limit-stream", 5, disconnected(null), "rateLimitExceeded"],
  ["ok", 0, undefined, undefined],
];

// Recorded from codex-cli 0.63.0, which sends every error as a v1 and a v2 event.
const oldRows: Row[] = [
  ["401", 5, disconnected(401), exhausted(401)],
  ["401-refresh-reused", 0, undefined, "unauthorized"],
  ["usage-limit", 0, undefined, "usageLimitExceeded"],
  ["429-plain", 5, disconnected(429), exhausted(429)],
  ["429-retry-after", 5, disconnected(429), exhausted(429)],
  ["500", 5, disconnected(null), "internalServerError"],
  ["503", 5, disconnected(503), exhausted(503)],
  ["context-length-400", 5, disconnected(400), "other"],
  ["context-length-stream", 0, undefined, "contextWindowExceeded"],
  ["cut-stream", 5, disconnected(null), "other"],
  ["cut-once", 1, disconnected(null), undefined],
  ["500-once", 0, undefined, undefined],
  ["403-html", 5, disconnected(403), "other"],
  ["bad-request", 5, disconnected(400), "other"],
  ["cyber-policy", 5, disconnected(null), "other"],
  ["entitlement-429", 0, undefined, "usageLimitExceeded"],
  ["model-not-found", 5, disconnected(404), "other"],
  ["overloaded", 5, disconnected(503), exhausted(503)],
  ["pool-exhausted", 0, undefined, "usageLimitExceeded"],
  ["rate-limit-stream", 5, disconnected(null), "other"],
];

function read(version: string, name: string): AppServerError[] {
  const lines = readFileSync(new URL(`${version}/${name}.jsonl`, folder), "utf8").split("\n");
  return lines.map((line) => parseAppServerError(line)).filter((each) => each !== undefined);
}

function check(errors: AppServerError[], [, retries, retried, final]: Row): void {
  const [retrying, ended] = [
    errors.filter((each) => each.willRetry),
    errors.filter((each) => !each.willRetry),
  ];
  expect(retrying.map((each) => each.codexErrorInfo)).toEqual(Array.from({ length: retries }, () => retried));
  expect(ended.map((each) => each.codexErrorInfo)).toEqual(final === undefined ? [] : ended.map(() => final));
  if (final !== undefined) expect(ended.length).toBeGreaterThan(0);
}

test.each(newRows)("0.169: %s", (...row) => {
  const errors = read("0.169.0", row[0]);
  check(errors, row);
  expect(errors.every((each) => each.protocol === 2 && each.threadId && each.turnId)).toBe(true);
  if (row[3] !== undefined) expect(errors.at(-1)?.method).toBe("turn/completed");
});

test.each(oldRows)("0.63 in protocol v2: %s", (...row) => {
  check(
    read("0.63.0", row[0]).filter((each) => each.protocol === 2),
    row,
  );
});

test.each(oldRows)("0.63 in protocol v1: %s", (...row) => {
  const errors = read("0.63.0", row[0]).filter((each) => each.protocol === 1);
  check(errors, row);
  const methods = errors.map((each) => each.method);
  expect(methods.filter((each) => each === "codex/event/stream_error")).toHaveLength(row[1]);
});

test.each([
  ["0.169.0", newRows],
  ["0.63.0", oldRows],
])("every recording of %s is read by a row", (version, rows) => {
  const recorded = readdirSync(new URL(`${version}/`, folder)).map((name) => name.replace(".jsonl", ""));
  expect(rows.map(([name]) => name).sort()).toEqual(recorded.sort());
});

test.each(["0.169.0", "0.63.0"])("the time in the usage-limit text of %s is read as a wait", (version) => {
  // The recording's backend said: in two hours. Codex names the minute, in the zone of its machine, here UTC.
  const text = readFileSync(new URL(`${version}/usage-limit.jsonl`, folder), "utf8");
  const resetMs =
    1000 *
    Math.max(
      ...[...text.matchAll(/"resets_?[aA]t":(\d+)/g)]
        .map(([, sec]) => Number(sec))
        .filter((sec) => sec < 1_795_230_000),
    );
  const recordedMs = resetMs - 3_600_000;
  const message = read(version, "usage-limit").at(-1)?.message ?? "";
  const hint = parseRetryHint(message, recordedMs, { utcOffsetMinutes: 0 });
  expect(Math.abs((hint?.retryAfterMs ?? 0) - 7_200_000)).toBeLessThanOrEqual(60_000);
});

test("the cause of a retry stands in additionalDetails", () => {
  const [first] = read("0.169.0", "cut-stream");
  expect(first?.additionalDetails).toContain("stream disconnected before completion");
});

test.each([
  [{ method: "error", params: { error: { message: "Reconnecting... 2/5" } } }, true],
  [{ method: "error", params: { error: { message: "Reconnecting... 2/5" }, willRetry: false } }, false],
  [{ method: "error", params: { error: { message: "Failed" }, willRetry: true } }, true],
  [{ method: "codex/event/stream_error", params: { msg: { message: "Error text" } } }, true],
  [{ method: "codex/event/error", params: { msg: { message: "Error text" } } }, false],
])("%j: willRetry is %s", (event, willRetry) => {
  expect(parseAppServerError(event)).toMatchObject({ willRetry, codexErrorInfo: "other" });
});

test.each([
  [{ method: "turn/completed", params: { turn: { id: "0", status: "completed", error: null } } }],
  [{ method: "turn/completed", params: { turn: { id: "0", status: "interrupted" } } }],
  [{ method: "error", params: {} }],
  [{ method: "turn/started" }],
  [{ id: 1, error: { code: -32600, message: "no" } }],
  ["not JSON"],
  [null],
])("%j reports no failure", (event) => {
  expect(parseAppServerError(event)).toBeUndefined();
});

test("any event may be parsed without a throw", () => {
  const method = fc.constantFrom("error", "turn/completed", "codex/event/error", "codex/event/stream_error");
  fc.assert(
    fc.property(fc.record({ method, params: fc.anything() }), (event) => void parseAppServerError(event)),
  );
  fc.assert(fc.property(fc.anything(), (event) => void parseAppServerError(event)));
});
