import * as fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import {
  createRateLimitBackoff,
  getRateLimitBackoffWithReason,
  resetRateLimitBackoff,
} from "../../../src/compat/backoff.ts";
import { HealthScoreTracker, TokenBucketTracker } from "../../../src/compat/trackers.ts";

function clockAt(nowMs = 0) {
  const clock = { nowMs, now: () => clock.nowMs };
  return clock;
}

test("health starts at 100, success adds 1, a rate limit takes 10, a failure 20", () => {
  const health = new HealthScoreTracker({ now: clockAt().now });
  expect(health.getScore("a")).toBe(100);
  health.recordFailure("a");
  health.recordFailure("a");
  expect([health.getScore("a"), health.getConsecutiveFailures("a")]).toEqual([60, 2]);
  health.recordRateLimit("a");
  expect([health.getScore("a"), health.getConsecutiveFailures("a")]).toEqual([50, 2]);
  health.recordSuccess("a");
  expect([health.getScore("a"), health.getConsecutiveFailures("a")]).toEqual([51, 0]);
});

test("an hour of rest gives 2 points back, never above 100", () => {
  const clock = clockAt();
  const health = new HealthScoreTracker({ now: clock.now });
  health.recordFailure("a");
  clock.nowMs = 3 * 3_600_000;
  expect(health.getScore("a")).toBe(86);
  clock.nowMs = 300 * 3_600_000;
  expect(health.getScore("a")).toBe(100);
});

test("account keys and quota keys are kept apart, whatever is in them", () => {
  const health = new HealthScoreTracker({ now: clockAt().now });
  health.recordFailure("a", "b:c");
  expect([health.getScore("a:b", "c"), health.getScore("a"), health.getScore("a", "b:c")]).toEqual([
    100, 100, 80,
  ]);
  health.reset("a", "b:c");
  expect(health.getScore("a", "b:c")).toBe(100);
});

test("health stays between 0 and 100 whatever happens", () => {
  const events = fc.array(
    fc.tuple(fc.constantFrom("recordSuccess", "recordRateLimit", "recordFailure"), fc.nat(1e7)),
  );
  fc.assert(
    fc.property(events, (all) => {
      const clock = clockAt();
      const health = new HealthScoreTracker({ now: clock.now });
      for (const [event, pause] of all) {
        clock.nowMs += pause;
        health[event]("a");
        expect(health.getScore("a")).toBeGreaterThanOrEqual(0);
        expect(health.getScore("a")).toBeLessThanOrEqual(100);
      }
      health.clear();
      expect(health.getScore("a")).toBe(100);
    }),
  );
});

test("50 tokens, 6 more a minute", () => {
  const clock = clockAt();
  const bucket = new TokenBucketTracker({ now: clock.now });
  const taken = Array.from({ length: 51 }, () => bucket.tryConsume(0, "codex"));
  expect(taken.filter(Boolean)).toHaveLength(50);
  clock.nowMs = 60_000;
  expect(bucket.getTokens(0, "codex")).toBeCloseTo(6);
  clock.nowMs = 3_600_000;
  expect(bucket.getTokens(0, "codex")).toBe(50);
  expect(bucket.getTokens(1, "codex")).toBe(50);
});

test("a token comes back within 90 s, once", () => {
  const clock = clockAt();
  const bucket = new TokenBucketTracker({ now: clock.now });
  expect(bucket.refund("a")).toBe(false);
  bucket.tryConsume("a");
  expect([bucket.refund("a"), bucket.refund("a"), bucket.getTokens("a")]).toEqual([true, false, 50]);
  bucket.tryConsume("a");
  clock.nowMs = 90_000;
  expect(bucket.refund("a")).toBe(true);
  bucket.tryConsume("a");
  clock.nowMs = 180_001;
  expect(bucket.refund("a")).toBe(false);
});

test("a clock that goes back takes nothing away", () => {
  const clock = clockAt(1_000_000);
  const bucket = new TokenBucketTracker({ now: clock.now });
  const health = new HealthScoreTracker({ now: clock.now });
  bucket.tryConsume("a");
  health.recordFailure("a");
  clock.nowMs = 0;
  expect([bucket.getTokens("a"), health.getScore("a")]).toEqual([49, 80]);
});

afterEach(() => {
  vi.useRealTimers();
});

test("the trackers take the configuration of codex-multi-auth", () => {
  const { now } = clockAt();
  const health = new HealthScoreTracker({
    now,
    successDelta: 5,
    rateLimitDelta: -1,
    failureDelta: -50,
    maxScore: 80,
    minScore: 10,
    passiveRecoveryPerHour: 0,
  });
  expect(health.getScore("a")).toBe(80);
  health.recordFailure("a");
  health.recordRateLimit("a");
  expect(health.getScore("a")).toBe(29);
  health.recordFailure("a");
  expect(health.getScore("a")).toBe(10);
  health.recordSuccess("a");
  expect(health.getScore("a")).toBe(15);
  const bucket = new TokenBucketTracker({ now, maxTokens: 1, tokensPerMinute: 60 });
  expect([bucket.tryConsume("a"), bucket.tryConsume("a"), bucket.getTokens("a")]).toEqual([true, false, 0]);
});

test("as much comes back as is configured", () => {
  const clock = clockAt();
  const health = new HealthScoreTracker({ now: clock.now, passiveRecoveryPerHour: 7 });
  const bucket = new TokenBucketTracker({ now: clock.now, maxTokens: 10, tokensPerMinute: 2 });
  health.recordFailure("a");
  for (let each = 0; each < 10; each += 1) bucket.tryConsume("a");
  clock.nowMs = 3_600_000;
  expect(health.getScore("a")).toBe(87);
  clock.nowMs = 60_000;
  expect(bucket.getTokens("a")).toBe(2);
});

test.each([
  ["HealthScoreTracker", () => new HealthScoreTracker({ succesDelta: 1 } as object), "succesDelta"],
  ["HealthScoreTracker", () => new HealthScoreTracker({ maxScore: Number.NaN }), "maxScore"],
  ["HealthScoreTracker", () => new HealthScoreTracker({ failureDelta: "-20" } as object), "failureDelta"],
  ["HealthScoreTracker", () => new HealthScoreTracker({ now: 5 } as object), "now"],
  ["HealthScoreTracker", () => new HealthScoreTracker(null as never), "an object"],
  ["TokenBucketTracker", () => new TokenBucketTracker({ refillPerMinute: 6 } as object), "refillPerMinute"],
  ["TokenBucketTracker", () => new TokenBucketTracker({ maxTokens: -1 }), "maxTokens"],
])("%s refuses a configuration that it would not follow, and names it: %#", (name, make, field) => {
  expect(make).toThrow(TypeError);
  expect(make).toThrow(new RegExp(`^${name} .*${field}`));
});

test("a clock that is replaced after the import counts", () => {
  const health = new HealthScoreTracker();
  const bucket = new TokenBucketTracker();
  const backoff = createRateLimitBackoff();
  vi.useFakeTimers({ now: 0 });
  health.recordFailure("a");
  bucket.tryConsume("a");
  expect(backoff.next({ accountIndex: 0, quotaKey: "q" }).attempt).toBe(1);
  expect(getRateLimitBackoffWithReason(99, "q").attempt).toBe(1);
  vi.setSystemTime(30_000);
  expect(backoff.next({ accountIndex: 0, quotaKey: "q" })).toMatchObject({ attempt: 2, isDuplicate: false });
  expect(getRateLimitBackoffWithReason(99, "q")).toMatchObject({ attempt: 2, isDuplicate: false });
  vi.setSystemTime(36_000_000);
  expect([health.getScore("a"), bucket.getTokens("a")]).toEqual([100, 50]);
  resetRateLimitBackoff();
});
