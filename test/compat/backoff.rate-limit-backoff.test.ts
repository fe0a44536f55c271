import * as fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import {
  createRateLimitBackoff,
  getRateLimitBackoffWithReason,
  type RateLimitReason,
  resetRateLimitBackoff,
} from "../../src/compat/backoff.ts";
import { callLoosely } from "../support/call-loosely.ts";

afterEach(resetRateLimitBackoff);

function backoffAt(start = 1_000_000) {
  const clock = { nowMs: start };
  const backoff = createRateLimitBackoff({ now: () => clock.nowMs, random: () => 0.5 });
  return {
    clock,
    hit: (params: object = {}) => backoff.next({ accountIndex: 0, quotaKey: "codex", ...params }),
  };
}

test("fresh hits double the delay up to 60 s", () => {
  const { clock, hit } = backoffAt();
  const delays = Array.from({ length: 8 }, () => {
    clock.nowMs += 2000;
    return hit().delayMs;
  });
  expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

test("a repeat within 2 s is a duplicate with the same attempt and delay", () => {
  const { clock, hit } = backoffAt();
  const first = hit();
  clock.nowMs += 1999;
  expect(hit()).toEqual({ ...first, isDuplicate: true });
  clock.nowMs += 1;
  expect(hit()).toMatchObject({ attempt: 2, isDuplicate: false });
});

test("the burst is counted from its first hit, so a steady stream of hits still grows", () => {
  const { clock, hit } = backoffAt();
  const attempts = Array.from({ length: 6 }, () => {
    clock.nowMs += 1000;
    return hit().attempt;
  });
  expect(attempts).toEqual([1, 1, 2, 2, 3, 3]);
});

test("after 120 s of quiet the count starts again", () => {
  const { clock, hit } = backoffAt();
  hit();
  clock.nowMs += 119_999;
  expect(hit().attempt).toBe(2);
  clock.nowMs += 120_000;
  expect(hit().attempt).toBe(1);
});

test.each<[RateLimitReason, number]>([
  ["quota", 3000],
  ["tokens", 1500],
  ["concurrent", 500],
  ["unknown", 1000],
])("the reason %s makes it %i ms", (reason, delayMs) => {
  expect(backoffAt().hit({ reason })).toEqual({ attempt: 1, delayMs, isDuplicate: false, reason });
});

test("accounts and quota keys are counted apart, and the stable key moves with the account", () => {
  const { clock, hit } = backoffAt();
  hit();
  clock.nowMs += 5000;
  expect(hit({ quotaKey: "codex:gpt" }).attempt).toBe(1);
  expect(hit({ accountIndex: 1 }).attempt).toBe(1);
  expect(hit({ stableAccountKey: "a" }).attempt).toBe(1);
  clock.nowMs += 5000;
  expect(hit({ accountIndex: 7, stableAccountKey: "a" }).attempt).toBe(2);
});

test("differs from codex-multi-auth: the result is never shorter than the server's Retry-After", () => {
  const server = fc.double({ min: 0, max: 1e9, noNaN: true });
  const reason = fc.constantFrom<RateLimitReason[]>("quota", "tokens", "concurrent", "unknown");
  fc.assert(
    fc.property(fc.array(fc.tuple(server, reason, fc.nat(4000)), { minLength: 1 }), (hits) => {
      const { clock, hit } = backoffAt();
      for (const [serverRetryAfterMs, why, pause] of hits) {
        clock.nowMs += pause;
        expect(hit({ serverRetryAfterMs, reason: why }).delayMs).toBeGreaterThanOrEqual(serverRetryAfterMs);
      }
    }),
  );
});

test("nonsense from a server asks for nothing", () => {
  for (const serverRetryAfterMs of [null, undefined, -5, Number.NaN, Infinity, 0]) {
    expect(backoffAt().hit({ serverRetryAfterMs }).delayMs).toBe(1000);
  }
});

test("both call forms give the same, for any arguments", () => {
  const params = fc.record(
    {
      accountIndex: fc.nat(),
      quotaKey: fc.string({ minLength: 1 }),
      serverRetryAfterMs: fc.option(fc.integer({ min: 100_000, max: 1e9 }), { freq: 2 }),
      reason: fc.constantFrom<RateLimitReason[]>("quota", "tokens", "concurrent", "unknown"),
      stableAccountKey: fc.string({ minLength: 1 }),
    },
    { requiredKeys: ["accountIndex", "quotaKey"] },
  );
  fc.assert(
    fc.property(params, (given) => {
      resetRateLimitBackoff();
      const first = getRateLimitBackoffWithReason(given);
      const { accountIndex, quotaKey, serverRetryAfterMs, reason, stableAccountKey } = given;
      // The second call is in the same burst, so only the memory of the first can make them equal.
      expect(
        getRateLimitBackoffWithReason(accountIndex, quotaKey, serverRetryAfterMs, reason, stableAccountKey),
      ).toEqual({ ...first, isDuplicate: true });
    }),
  );
});

test("the memory of quiet keys is given back", () => {
  const { clock, hit } = backoffAt();
  for (let key = 0; key < 5000; key += 1) {
    clock.nowMs += 200;
    hit({ stableAccountKey: String(key) });
  }
  expect(hit({ stableAccountKey: "4999" })).toMatchObject({ attempt: 1, isDuplicate: true });
});

test("a backoff of one's own takes no empty key either", () => {
  const backoff = createRateLimitBackoff();
  expect(() => backoff.next({ accountIndex: 0, quotaKey: "" })).toThrow(TypeError);
  expect(() => backoff.next({ accountIndex: 0, quotaKey: "q", stableAccountKey: "" })).toThrow(TypeError);
});

test.each([
  [[]],
  [[0]],
  [[-1, "codex"]],
  [["0", "codex"]],
  [[0, 5]],
  [[0, ""]],
  [[0, "codex", 30, "quota", ""]],
  [[0, "codex", "30"]],
  [[0, "codex", 30, "boredom"]],
  [[0, "codex", 30, "quota", 7]],
  [[{ accountIndex: 0, quotaKey: "codex", retryAfter: 5 }]],
  [[{ quotaKey: "codex" }]],
])("%j is a wrong call", (args) => {
  expect(() => callLoosely(getRateLimitBackoffWithReason, args)).toThrow(TypeError);
  expect(() => callLoosely(getRateLimitBackoffWithReason, args)).toThrow(
    /^getRateLimitBackoffWithReason requires accountIndex/,
  );
});
