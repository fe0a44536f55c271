import * as fc from "fast-check";
import { expect, test } from "vitest";
import { maxRetryMs, parseRetryHint, type RetryHintSource } from "../../src/errors/retry-hint.ts";
import { growth } from "../support/growth.ts";

const nowMs = Date.UTC(2026, 10, 21, 12, 0, 0);
const nowSec = nowMs / 1000;
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

function wait(source: RetryHintSource): number | undefined {
  return parseRetryHint(source, nowMs, { utcOffsetMinutes: 0 })?.retryAfterMs;
}

test.each<[string, number]>([
  ["try again in 3 days 4 hours 9 minutes", 3 * day + 4 * hour + 9 * minute],
  ["Please try again in 1 hour 30 minutes.", 90 * minute],
  ["try again in 1 hour, 30 minutes and 5 seconds", 90 * minute + 5 * second],
  ["1h30m", 90 * minute],
  ["6m0s", 6 * minute],
  ["20s", 20 * second],
  ["1.5s", 1500],
  ["500ms", 500],
  ["2d", 2 * day],
  ["1w", 7 * day],
  ["Rate limit reached (limit 30000, used 29000). Please try again in 6.5s. Visit the site.", 6500],
  ["Please try again in 20s, or use 3 requests", 20 * second],
  ["retry after 30", 30 * second],
  ["retry after 30.", 30 * second],
  ["Retry after 30 seconds", 30 * second],
  ["Please wait 45 sec", 45 * second],
  ["limit resets in 2 hrs", 2 * hour],
  ["available again in about 5 mins", 5 * minute],
  ["try again in an hour", hour],
  ["try again in 1 month", 31 * day],
  ["try again in 1 minute. If not, try again in 2 minutes", 2 * minute],
  ["try again at 3:05 PM", 3 * hour + 5 * minute],
  ["try again at 3:05\u202fPM", 3 * hour + 5 * minute],
  ["try again at 3:05 PM UTC.", 3 * hour + 5 * minute],
  ["try again at 11:00 AM", 23 * hour],
  ["try again at 12:00 PM", minute],
  ["try again at 12:30 AM", 12.5 * hour],
  ["try again at 15:05", 3 * hour + 5 * minute],
  ["try again at 12:00:30", 30 * second],
  ["or try again at Nov 25th, 2026 1:15 PM.", 4 * day + hour + 15 * minute],
  ["try again at November 25, 2026 13:15", 4 * day + hour + 15 * minute],
  ["resets at 2026-11-22T12:00:00Z", day],
  ["resets at 2026-11-22T12:00:00+02:00", day - 2 * hour],
])("%s", (text, expected) => {
  expect(wait(text)).toBe(expected);
  expect(parseRetryHint(text, nowMs, { utcOffsetMinutes: 0 })?.isAuthoritative).toBe(false);
});

test.each([
  ["nothing to see"],
  ["try again later"],
  ["try again in a few minutes"],
  ["retry 3/5"],
  ["retry limit, last status: 429"],
  ["available 24/7"],
  ["try again in 5 bananas"],
  ["try again in 400 days"],
  ["try again in 999999999999999 days"],
  ["resets on 2026-11-25"],
  ["try again at 25:99"],
  ["try again at 13:05 PM"],
  ["limit 30000 per 1 min"],
  [""],
])("%s says nothing", (text) => {
  expect(wait(text)).toBeUndefined();
});

test.each<[Record<string, string>, number]>([
  [{ "retry-after": "30" }, 30 * second],
  [{ "Retry-After": " 1.5 " }, 1500],
  [{ "retry-after": "0" }, 0],
  [{ "retry-after": "Sat, 21 Nov 2026 12:01:00 GMT" }, minute],
  [{ "retry-after": "Saturday, 21-Nov-26 12:01:00 GMT" }, minute],
  [{ "retry-after-ms": "300" }, 300],
  [{ "x-ratelimit-reset-requests": "6m0s" }, 6 * minute],
  [{ "x-ratelimit-reset-tokens": "20ms" }, 20],
  [{ "x-ratelimit-reset": "90" }, 90 * second],
  [{ "x-ratelimit-reset": String(nowSec + 90) }, 90 * second],
  [{ "x-ratelimit-reset": String(nowMs + 90) }, 90],
  [{ "x-codex-primary-reset-at": String(nowSec + 60) }, minute],
  [{ "x-codex-secondary-reset-after-seconds": "7200" }, 2 * hour],
  [
    { "x-codex-other-primary-used-percent": "100", "x-codex-other-primary-reset-at": String(nowSec + 60) },
    minute,
  ],
  [{ "retry-after": "1", "retry-after-ms": "2500" }, 2500],
])("%j", (headers, expected) => {
  expect(wait(headers)).toBe(expected);
  expect(wait(new Headers(headers))).toBe(expected);
  expect(wait(new Map(Object.entries(headers)))).toBe(expected);
  expect(parseRetryHint(headers, nowMs)?.isAuthoritative).toBe(true);
});

test.each([
  [{ "retry-after": "-1" }],
  [{ "retry-after": "NaN" }],
  [{ "retry-after": "Infinity" }],
  [{ "retry-after": "1e9" }],
  [{ "retry-after": "31622401" }],
  [{ "retry-after": "Sat, 21 Nov 2020 12:01:00 GMT" }],
  [{ "x-codex-primary-reset-at": "soon" }],
  [{ "x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "7" }],
  [{ "x-codex-primary-used-percent": "42.5", "x-codex-primary-reset-at": String(nowSec + 60) }],
])("%j says nothing", (headers) => {
  expect(wait(headers)).toBeUndefined();
});

test.each<[object, number]>([
  [{ resets_at: nowSec + 60 }, minute],
  [{ resets_at: nowMs + 60 }, 60],
  [{ resets_at: String(nowSec + 60) }, minute],
  [{ resets_at: "2026-11-21T12:01:00.000Z" }, minute],
  [{ reset_at: nowSec + 60.5 }, minute + 500],
  [{ resets_in_seconds: 60 }, minute],
  [{ reset_after_seconds: 60 }, minute],
  [{ retry_after: 60 }, minute],
  [{ retry_after_ms: 60 }, 60],
  [{ error: { resets_in_seconds: 60 } }, minute],
  [{ detail: { resets_in_seconds: 60 } }, minute],
  [{ detail: "Try again in 20s" }, 20 * second],
  [{ type: "response.failed", response: { error: { message: "try again in 1.2s" } } }, 1200],
  [{ error: { message: "try again in 3 days", resets_in_seconds: 60 } }, 3 * day],
  [{ error: { message: "x", resets_in_seconds: 60, resets_at: nowSec + 3600 } }, hour],
])("%j", (body, expected) => {
  expect(wait(body)).toBe(expected);
  expect(wait(JSON.stringify(body))).toBe(expected);
});

test.each([
  [{ resets_at: nowSec - 5 }],
  [{ resets_at: 0 }],
  [{ resets_in_seconds: -1 }],
  [{ resets_in_seconds: Number.NaN }],
  [{ retry_after_ms: Infinity }],
  [{ resets_in_seconds: 367 * 86_400 }],
  [{ resets_at: null, message: 3 }],
])("%j says nothing", (body) => {
  expect(wait(body)).toBeUndefined();
});

test("the longest reset of a used-up window wins", () => {
  const headers = {
    "retry-after": "1",
    "x-codex-primary-used-percent": "100",
    "x-codex-primary-reset-at": String(nowSec + 3600),
    "x-codex-secondary-used-percent": "100",
    "x-codex-secondary-reset-at": String(nowSec + 86_400),
  };
  expect(wait(headers)).toBe(day);
});

test("a time without zone is local to the clock that wrote it", () => {
  const hint = parseRetryHint("try again at 3:05 PM", nowMs, { utcOffsetMinutes: 60 });
  expect(hint?.retryAfterMs).toBe(2 * hour + 5 * minute);
  const local = new Date(nowMs + 3 * day);
  const [month, date, year] = [
    local.toLocaleString("en-US", { month: "short" }),
    local.getDate(),
    local.getFullYear(),
  ];
  const text = `try again at ${month} ${date}th, ${year} ${local.getHours()}:${String(local.getMinutes()).padStart(2, "0")}`;
  expect(parseRetryHint(text, nowMs)?.retryAfterMs).toBe(3 * day);
});

const anySource = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .tuple(fc.constantFrom("try again in ", "wait ", "retry after ", "resets at "), fc.string())
    .map((all) => all.join("")),
  fc.record(
    {
      resets_at: fc.anything(),
      retry_after: fc.double(),
      resets_in_seconds: fc.double(),
      "retry-after": fc.string(),
    },
    { requiredKeys: [] },
  ),
);

test("a hint is never negative and never beyond its cap", () => {
  fc.assert(
    fc.property(anySource, fc.integer({ min: 0, max: 4e12 }), (source, at) => {
      const hint = parseRetryHint(source, at);
      if (!hint) return;
      expect(Number.isSafeInteger(hint.retryAfterMs)).toBe(true);
      expect(hint.retryAfterMs).toBeGreaterThanOrEqual(0);
      expect(hint.retryAfterMs).toBeLessThanOrEqual(maxRetryMs);
      expect(hint.resetsAtMs).toBeGreaterThanOrEqual(at);
    }),
    { numRuns: 1500 },
  );
});

test("a hint is never shorter than anything that the server said", () => {
  const seconds = fc.integer({ min: 0, max: 31_000_000 });
  fc.assert(
    fc.property(fc.array(seconds, { minLength: 7, maxLength: 7 }), (said) => {
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0] = said;
      const headers = {
        "retry-after": String(a),
        "retry-after-ms": String(b * second),
        "x-codex-primary-reset-at": String(nowSec + c),
      };
      const message = `Try again in ${Math.floor(f / 3600)} hours ${Math.floor((f % 3600) / 60)} minutes ${f % 60}s`;
      const body = {
        error: { resets_at: nowSec + d, resets_in_seconds: e, retry_after_ms: g * second, message },
      };
      expect(wait(headers)).toBe(Math.max(a, b, c) * second);
      expect(wait(body)).toBe(Math.max(d, e, f, g) * second);
    }),
  );
});

test.each([
  ["announcements", "try again in "],
  ["durations", "try again in 1h "],
  ["one endless duration", "1h "],
  ["digits", "7"],
  ["spaces", " "],
  ["dates", "at Nov 25th, 2026 1:15 PM "],
  ["half dates", "resets at Nov 25th, "],
  ["words", "abc"],
])("100 kB of %s take time in proportion to their length", (_, unit) => {
  const measured = growth(
    (size) => `try again in ${unit.repeat(Math.ceil(size / unit.length))}`,
    100_000,
    (text) => parseRetryHint(text, nowMs, { utcOffsetMinutes: 0 }),
  );
  expect(measured).toBeLessThan(3);
});
