import { describe, expect, it, test } from "vitest";
import {
  exhaustedUntilMs,
  type Failure,
  type PoolAvailability,
  recordFailure,
  recordLogin,
  recordReport,
  recordSuccess,
} from "../../src/quota/availability.ts";
import { hourMs, minuteMs } from "../../src/quota/limit.ts";
import { nowMs, shortLimit, weekLimit } from "../support/given-quota.ts";

const nobody: PoolAvailability = new Map();

function fail(pool: PoolAvailability, failure: Failure, id = "a", atMs = nowMs, poolSize = 10) {
  return recordFailure(pool, failure, { accountId: id, nowMs: atMs, poolSize });
}
const blockOf = (pool: PoolAvailability, id = "a") => pool.get(id)?.block ?? null;

describe("a failure blocks the account", () => {
  const guess = { isGuess: true };
  const cases: [failure: Failure, kind: string, forMs: number, more?: object][] = [
    [{ kind: "usage-limit", resetsAtMs: nowMs + 7000 }, "exhausted", 7000],
    [{ kind: "usage-limit", resetsAtMs: nowMs - 7000 }, "exhausted", minuteMs, guess],
    [{ kind: "usage-limit", resetsAtMs: null }, "exhausted", 15 * minuteMs, guess],
    [
      { kind: "usage-limit", resetsAtMs: null, reached: "spend-cap" },
      "exhausted",
      15 * minuteMs,
      { ...guess, reached: "spend-cap" },
    ],
    [{ kind: "slow-down", retryAfterMs: 1500 }, "transient", 1500],
    [{ kind: "slow-down", retryAfterMs: null }, "transient", 3000],
    [{ kind: "upstream" }, "transient", 3000],
    [{ kind: "auth" }, "auth", 600_000],
  ];
  test.each(cases)("%o: %s", (failure, kind, forMs, more = {}) => {
    expect(blockOf(fail(nobody, failure))).toEqual({
      kind,
      sinceMs: nowMs,
      untilMs: nowMs + forMs,
      ...more,
    });
  });
});

it("waits twice as long after each failure of upstream, at most two minutes, and from the start after a success", () => {
  let pool = nobody;
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    const atMs = nowMs + i * hourMs;
    pool = fail(pool, { kind: "upstream" }, "a", atMs);
    waits.push((blockOf(pool)?.untilMs ?? 0) - atMs);
  }
  expect(waits).toEqual([3, 6, 12, 24, 48, 96, 120, 120].map((seconds) => seconds * 1000));
  pool = fail(recordSuccess(pool, "a"), { kind: "upstream" }, "a", nowMs + 9 * hourMs);
  expect(blockOf(pool)?.untilMs).toBe(nowMs + 9 * hourMs + 3000);
});

// Of five hundred streams one in twenty failed, and every failure set its account aside for all the others.
it("a failure of upstream blocks no account that serves others, and does not lengthen the wait of the next", () => {
  const moment = { accountId: "a", nowMs, poolSize: 10, isServing: true };
  let pool = recordFailure(nobody, { kind: "upstream" }, moment);
  expect(blockOf(pool)).toBeNull();
  pool = fail(pool, { kind: "upstream" }, "a", nowMs + 1000);
  expect(blockOf(pool)?.untilMs).toBe(nowMs + 4000);
});

it("waits up to two hours for a refused login, and not at all after a new one", () => {
  let pool = nobody;
  for (let i = 0; i < 6; i++) pool = fail(pool, { kind: "auth" });
  expect(blockOf(pool)?.untilMs).toBe(nowMs + 2 * hourMs);
  expect(blockOf(recordLogin(pool, "a"))).toBeNull();
});

it("a new login does not end a usage limit", () => {
  const pool = fail(nobody, { kind: "usage-limit", resetsAtMs: nowMs + hourMs });
  expect(blockOf(recordLogin(pool, "a"))).not.toBeNull();
});

it("a request that fails late does not shorten a usage limit", () => {
  const limited = fail(nobody, { kind: "usage-limit", resetsAtMs: nowMs + hourMs });
  expect(blockOf(fail(limited, { kind: "upstream" }, "a", nowMs + 1000))?.kind).toBe("exhausted");
});

it("three accounts that fail within a minute wait three seconds each", () => {
  let pool: PoolAvailability = nobody;
  for (const atMs of [0, hourMs, 2 * hourMs]) pool = fail(pool, { kind: "upstream" }, "a", nowMs + atMs);
  const lastMs = nowMs + 2 * hourMs;
  pool = fail(pool, { kind: "upstream" }, "b", lastMs + 1000);
  expect(blockOf(pool, "a")?.untilMs).toBe(lastMs + 12_000);
  pool = fail(pool, { kind: "upstream" }, "c", lastMs + 2000);
  for (const id of ["a", "b", "c"]) expect(blockOf(pool, id)?.untilMs).toBeLessThanOrEqual(lastMs + 5000);
  expect(pool.get("c")?.upstreamFailures).toBe(0);
});

it("failures more than a minute apart are each account's own", () => {
  let pool = fail(nobody, { kind: "upstream" }, "a", nowMs);
  pool = fail(pool, { kind: "upstream" }, "a", nowMs + 10_000);
  pool = fail(pool, { kind: "upstream" }, "b", nowMs + 80_000);
  pool = fail(pool, { kind: "upstream" }, "c", nowMs + 90_000);
  expect(blockOf(pool, "a")?.untilMs).toBe(nowMs + 16_000);
});

describe("a report", () => {
  const limited = fail(nobody, { kind: "usage-limit", resetsAtMs: nowMs + hourMs });
  const after = { observedAtMs: nowMs + 1 };
  const cases = [
    [
      "that is fresh and free lifts the block",
      [shortLimit(0, hourMs, after), weekLimit(9, hourMs, after)],
      true,
    ],
    [
      "with an exhausted window does not",
      [shortLimit(0, hourMs, after), weekLimit(100, hourMs, after)],
      false,
    ],
    ["from before the block does not", [shortLimit(0), weekLimit(9)], false],
    ["about another limit does not", [shortLimit(0, hourMs, { ...after, limitId: "codex_other" })], false],
    ["of nothing does not", [], false],
  ] as const;
  test.each(cases)("%s", (_what, limits, isLifted) => {
    expect(blockOf(recordReport(limited, "a", limits, nowMs + 2)) === null).toBe(isLifted);
  });

  it("does not lift a block of another kind", () => {
    const refused = fail(nobody, { kind: "auth" });
    expect(recordReport(refused, "a", [shortLimit(0, hourMs, after)], nowMs + 2)).toBe(refused);
  });
});

it("an account is free again when the last of its exhausted windows resets", () => {
  expect(exhaustedUntilMs([shortLimit(100, hourMs), weekLimit(100, 9 * hourMs)], nowMs)).toBe(
    nowMs + 9 * hourMs,
  );
  expect(exhaustedUntilMs([shortLimit(100, -1), weekLimit(99)], nowMs)).toBeNull();
});
