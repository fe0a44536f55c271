import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HealthScoreTracker } from "../../src/helpers/health-score.ts";
import { TokenBucketTracker } from "../../src/helpers/token-bucket.ts";

function clockAt(nowMs = 0) {
  const clock = { nowMs, now: () => clock.nowMs };
  return clock;
}

test("health starts at 100, success adds 1, a rate limit takes 10, a failure 20", () => {
  const health = new HealthScoreTracker(clockAt());
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
  const health = new HealthScoreTracker(clock);
  health.recordFailure("a");
  clock.nowMs = 3 * 3_600_000;
  expect(health.getScore("a")).toBe(86);
  clock.nowMs = 300 * 3_600_000;
  expect(health.getScore("a")).toBe(100);
});

test("account keys and quota keys are kept apart, whatever is in them", () => {
  const health = new HealthScoreTracker(clockAt());
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
      const health = new HealthScoreTracker(clock);
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
  const bucket = new TokenBucketTracker(clock);
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
  const bucket = new TokenBucketTracker(clock);
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
  const bucket = new TokenBucketTracker(clock);
  const health = new HealthScoreTracker(clock);
  bucket.tryConsume("a");
  health.recordFailure("a");
  clock.nowMs = 0;
  expect([bucket.getTokens("a"), health.getScore("a")]).toEqual([49, 80]);
});
