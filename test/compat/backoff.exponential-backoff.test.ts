import * as fc from "fast-check";
import { expect, test } from "vitest";
import { exponentialBackoff } from "../../src/compat/backoff.ts";
import { callLoosely } from "../support/call-loosely.ts";

test.each([
  [1, 1000],
  [2, 2000],
  [6, 32_000],
  [7, 60_000],
  [5000, 60_000],
])("attempt %i waits %i ms without jitter", (attempt, expected) => {
  expect(exponentialBackoff(attempt, 1000, 60_000, 0)).toBe(expected);
});

test("defaults are 1 s, 60 s and a tenth of jitter", () => {
  expect(exponentialBackoff({ attempt: 1, random: () => 0 })).toBe(900);
  expect(exponentialBackoff({ attempt: 1, random: () => 0.5 })).toBe(1000);
  expect(exponentialBackoff({ attempt: 3 })).toBeLessThanOrEqual(4400);
});

const params = fc.record({
  attempt: fc.integer({ min: 1, max: 2000 }),
  baseMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
  maxMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
  jitterFactor: fc.double({ min: 0, max: 1, noNaN: true }),
});

test("both call forms give the same, for any arguments", () => {
  fc.assert(
    fc.property(params, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (given, drawn) => {
      const random = () => drawn;
      const { attempt, baseMs, maxMs, jitterFactor } = given;
      expect(exponentialBackoff(attempt, baseMs, maxMs, jitterFactor, random)).toBe(
        exponentialBackoff({ ...given, random }),
      );
    }),
  );
});

// codex-multi-auth adds the jitter after the cap, so its result can be above maxMs.
test("differs from codex-multi-auth: jitter never lifts the delay above maxMs nor below 0", () => {
  fc.assert(
    fc.property(params, (given) => {
      const delay = exponentialBackoff(given);
      expect(Number.isSafeInteger(delay)).toBe(true);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(given.maxMs);
    }),
  );
  expect(exponentialBackoff(10, 1000, 60_000, 1, () => 0.999)).toBe(60_000);
});

test.each([
  [[]],
  [[0]],
  [[1.5]],
  [["1"]],
  [[1, -1]],
  [[1, Infinity]],
  [[1, 1, Number.NaN]],
  [[1, 1, 1, 1.1]],
  [[1, 1, 1, -0.1]],
  [[{ attempt: 1, base: 1 }]],
  [[{ baseMs: 1 }]],
  [[null]],
  [[1, 1000, 60_000, 0.1, Math.random, "more"]],
])("%j is a wrong call", (args) => {
  expect(() => callLoosely(exponentialBackoff, args)).toThrow(TypeError);
  expect(() => callLoosely(exponentialBackoff, args)).toThrow(
    /^exponentialBackoff requires a positive integer attempt/,
  );
});

test("a source of numbers that is none is named", () => {
  expect(() => callLoosely(exponentialBackoff, [1, 1, 1, 1, "random"])).toThrow(
    new TypeError("exponentialBackoff requires a valid random"),
  );
});
