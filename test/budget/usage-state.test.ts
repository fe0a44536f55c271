import { array, assert, constant, integer, nat, oneof, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { amountsOf, cutAmounts, estimateOf } from "../../src/budget/prices.ts";
import { type KeyPolicy, type LimitRule, ruleName } from "../../src/budget/policy.ts";
import {
  admit,
  type Amounts,
  counterAt,
  emptyUsage,
  readUsage,
  resetUsage,
  settle,
  startCounter,
  sweep,
  type UsageState,
  usageText,
} from "../../src/budget/usage-state.ts";

const noon = Date.UTC(2026, 10, 29, 12);
const perDay: LimitRule = { kind: "requests", window: "day", max: 3 };
const one: Amounts = { requests: 1, input: 10, output: 20, tokens: 30, cost: 5 };

function opened(state: UsageState, policy: KeyPolicy, id: string, nowMs = noon, estimate = one): UsageState {
  const result = admit(state, policy, { ticketId: id, replica: "r", model: "m", estimate, nowMs });
  if (result.kind === "refused") throw new Error("refused");
  return result.state;
}

function refusalOf(state: UsageState, policy: KeyPolicy, nowMs = noon, model = "m") {
  const result = admit(state, policy, { ticketId: "next", replica: "r", model, estimate: one, nowMs });
  return result.kind === "refused" ? result.refusal : null;
}

describe("admit", () => {
  test("lets exactly as many requests run as the limit has left", () => {
    const policy = { limits: [perDay] };
    const full = ["a", "b", "c"].reduce((state, id) => opened(state, policy, id), emptyUsage);
    expect(refusalOf(full, policy)).toEqual({
      kind: "limit",
      rule: perDay,
      used: 3,
      resetsAtMs: Date.UTC(2026, 10, 30),
    });
  });

  test("cuts the estimate to what is left, so that the last request still runs", () => {
    const policy: KeyPolicy = { limits: [{ kind: "tokens", window: "day", max: 40 }] };
    const twice = opened(opened(emptyUsage, policy, "a"), policy, "b");
    expect(twice.counters["tokens/day"]?.used).toBe(40);
    expect(refusalOf(twice, policy)?.kind).toBe("limit");
    const settled = settle(twice, "a", { kind: "charged", amounts: { ...one, tokens: 5 } });
    expect(settled.counters["tokens/day"]?.used).toBe(15);
  });

  test("names the limit that lasts longest when several have nothing left", () => {
    const policy: KeyPolicy = {
      limits: [
        { kind: "requests", window: "week", max: 1 },
        { kind: "requests", window: "minute", max: 1 },
      ],
    };
    const refusal = refusalOf(opened(emptyUsage, policy, "a"), policy);
    expect(refusal).toMatchObject({ rule: { window: "week" }, resetsAtMs: Date.UTC(2026, 10, 30) });
  });

  test("counts a limit of one model for this model only", () => {
    const policy: KeyPolicy = { limits: [{ ...perDay, max: 1, model: "gpt-6-sol" }] };
    const state = opened(emptyUsage, policy, "a");
    expect(refusalOf(state, policy)).toBeNull();
    expect(state.counters).toEqual({});
  });

  test("refuses more requests at once than the key allows", () => {
    const policy: KeyPolicy = { limits: [], parallel: 1 };
    const state = opened(emptyUsage, policy, "a");
    expect(refusalOf(state, policy)).toEqual({ kind: "parallel", parallel: 1 });
    expect(refusalOf(settle(state, "a", { kind: "released" }), policy)).toBeNull();
  });

  test("a refused request holds nothing", () => {
    const policy: KeyPolicy = {
      limits: [
        { ...perDay, max: 0 },
        { kind: "tokens", window: "day", max: 100 },
      ],
    };
    const result = admit(emptyUsage, policy, {
      ticketId: "a",
      replica: "r",
      model: "m",
      estimate: one,
      nowMs: noon,
    });
    expect(result).not.toHaveProperty("state");
  });
});

describe("windows", () => {
  test("a window that begins with the first use ends that much later", () => {
    const rule: LimitRule = { kind: "requests", window: "5h", max: 1 };
    const policy = { limits: [rule] };
    const used = settle(opened(emptyUsage, policy, "a"), "a", { kind: "charged", amounts: one });
    expect(refusalOf(used, policy, noon + 5 * 3_600_000 - 1)?.kind).toBe("limit");
    expect(refusalOf(used, policy, noon + 5 * 3_600_000)).toBeNull();
  });

  test("a clock that is set back ten minutes begins no window again", () => {
    const policy = { limits: [perDay] };
    const midnight = Date.UTC(2026, 10, 30);
    const used = opened(emptyUsage, policy, "a", midnight);
    expect(counterAt(used, perDay, midnight - 600_000).used).toBe(1);
  });

  test("a counter from a clock that was a year ahead blocks nobody", () => {
    const policy = { limits: [{ ...perDay, max: 1 }] };
    const used = opened(emptyUsage, policy, "a", noon + 365 * 86_400_000);
    expect(refusalOf(used, policy)).toBeNull();
  });

  test("what was admitted in a window that is over is not charged to the next one", () => {
    const policy = { limits: [perDay] };
    const before = opened(emptyUsage, policy, "a", noon);
    const after = opened(before, policy, "b", noon + 86_400_000);
    const settled = settle(after, "a", { kind: "charged", amounts: one });
    expect(settled.counters["requests/day"]?.used).toBe(1);
    expect(settled.tickets.map(({ id }) => id)).toEqual(["b"]);
  });
});

describe("settle", () => {
  test("a second settlement changes nothing", () => {
    const policy = { limits: [perDay] };
    const state = settle(opened(emptyUsage, policy, "a"), "a", { kind: "charged", amounts: one });
    expect(settle(state, "a", { kind: "charged", amounts: one })).toBe(state);
    expect(settle(state, "a", { kind: "released" })).toBe(state);
  });

  test("a released request gives everything back", () => {
    const policy: KeyPolicy = { limits: [perDay, { kind: "cost", window: "week", max: 100 }] };
    const state = settle(opened(emptyUsage, policy, "a"), "a", { kind: "released" });
    expect(Object.values(state.counters).map(({ used }) => used)).toEqual([0, 0]);
  });

  test("the tickets of a process that is gone are charged with their estimate", () => {
    const policy: KeyPolicy = { limits: [{ kind: "tokens", window: "day", max: 1000 }] };
    const swept = sweep(opened(emptyUsage, policy, "a"), (replica) => replica === "r");
    expect(swept.counters["tokens/day"]?.used).toBe(30);
    expect(swept.tickets).toEqual([]);
  });

  test("a reset while a request runs does not give it back twice", () => {
    const policy = { limits: [perDay] };
    const state = settle(resetUsage(opened(emptyUsage, policy, "a")), "a", { kind: "released" });
    expect(state.counters["requests/day"]?.used).toBe(0);
    expect(state.tickets).toEqual([]);
  });

  test("a request that runs while the limits begin again is charged when it ends", () => {
    const policy: KeyPolicy = { limits: [perDay, { kind: "tokens", window: "5h", max: 1000 }] };
    const reset = resetUsage(opened(opened(emptyUsage, policy, "a"), policy, "b"));
    expect(Object.values(reset.counters).map(({ used }) => used)).toEqual([0, 0]);
    const ended = settle(reset, "a", { kind: "charged", amounts: one });
    expect(Object.values(ended.counters).map(({ used }) => used)).toEqual([1, one.tokens]);
    expect(readUsage(usageText(ended))).toEqual(ended);
  });

  test("a request that runs while its key gets another limit is charged to that, too", () => {
    const tokens: LimitRule = { kind: "tokens", window: "day", max: 1000 };
    const other: LimitRule = { ...tokens, model: "other" };
    const running = opened(opened(emptyUsage, { limits: [perDay] }, "a"), { limits: [perDay] }, "b");
    const added = startCounter(startCounter(running, tokens, 7, noon), other, 0, noon);
    const ended = settle(settle(added, "a", { kind: "charged", amounts: one }), "b", { kind: "released" });
    expect(ended.counters["tokens/day"]?.used).toBe(7 + one.tokens);
    expect(ended.counters["tokens/day@other"]?.used).toBe(0);
    // A limit that it holds already keeps what it holds.
    expect(startCounter(running, perDay, 0, noon).tickets).toEqual(running.tickets);
  });

  test("a limit that is new to a key counts what the running window has used already", () => {
    const state = startCounter(emptyUsage, perDay, 2, noon);
    expect(refusalOf(opened(state, { limits: [perDay] }, "a"), { limits: [perDay] })?.kind).toBe("limit");
    expect(startCounter(state, perDay, 1, noon)).toEqual(state);
    expect(startCounter(state, perDay, 9, noon).counters["requests/day"]?.used).toBe(9);
  });
});

describe("the stored form", () => {
  test("is JSON with the tickets by their ids, as every gateway before wrote it", () => {
    const policy = { limits: [perDay] };
    const state = opened(opened(emptyUsage, policy, "a"), policy, 'a "strange" id');
    expect(JSON.parse(usageText(state))).toEqual({
      counters: {
        "requests/day": { startMs: Date.UTC(2026, 10, 29), endMs: Date.UTC(2026, 10, 30), used: 2 },
      },
      tickets: Object.fromEntries(
        ["a", 'a "strange" id'].map((id) => [
          id,
          {
            replica: "r",
            openedMs: noon,
            model: "m",
            estimate: one,
            held: { "requests/day": { startMs: Date.UTC(2026, 10, 29), amount: 1 } },
          },
        ]),
      ),
    });
  });

  test("says after reading what it said before, whatever was done to the key", () => {
    const policy = { limits: [perDay] };
    const two = opened(opened(emptyUsage, policy, "a"), policy, "b");
    for (const state of [emptyUsage, two, settle(two, "a", { kind: "released" }), resetUsage(two)]) {
      expect(readUsage(usageText(state))).toEqual(state);
      expect(usageText(readUsage(usageText(state)))).toBe(usageText(state));
    }
  });
});

/** What a clumsy fleet does to one key: opens, settles twice, dies, with clocks that differ by ten minutes. */
const step = oneof(
  record({
    do: constant("open" as const),
    id: nat(30),
    input: nat(500),
    skewMs: integer({ min: -600_000, max: 600_000 }),
  }),
  record({ do: constant("charge" as const), id: nat(30), input: nat(500) }),
  record({ do: constant("release" as const), id: nat(30) }),
  record({ do: constant("sweep" as const), replica: nat(2) }),
);

test("counters equal the log of what was admitted and settled, and are never below nothing", () => {
  const rules: LimitRule[] = [
    { kind: "requests", window: "month", max: 12 },
    { kind: "input", window: "month", max: 2_000 },
  ];
  const policy = { limits: rules };
  assert(
    property(array(step, { maxLength: 120 }), (steps) => {
      let state = emptyUsage;
      const log = new Map<
        number,
        { held: Amounts; cut: Record<string, number>; took: Amounts | null; replica: number }
      >();
      let settledUse: Record<string, number> = { "requests/month": 0, "input/month": 0 };
      for (const each of steps) {
        if (each.do === "open") {
          if (log.has(each.id)) continue;
          const replica = each.id % 3;
          const estimate = { ...one, input: each.input };
          const nowMs = Date.UTC(2026, 10, 15) + each.skewMs;
          const result = admit(state, policy, {
            ticketId: `${each.id}`,
            replica: `${replica}`,
            model: "m",
            estimate,
            nowMs,
          });
          if (result.kind === "refused") continue;
          const held = result.state.tickets.find(({ id }) => id === `${each.id}`)?.held ?? {};
          const cut = Object.fromEntries(Object.entries(held).map(([name, { amount }]) => [name, amount]));
          log.set(each.id, { held: estimate, cut, took: null, replica });
          state = result.state;
        } else if (each.do === "sweep") {
          for (const entry of log.values()) if (entry.replica === each.replica) entry.took ??= entry.held;
          state = sweep(state, (replica) => replica === `${each.replica}`);
        } else {
          const entry = log.get(each.id);
          const amounts =
            each.do === "charge" ? { ...one, input: each.input } : { ...one, requests: 0, input: 0 };
          if (entry) entry.took ??= amounts;
          state = settle(
            state,
            `${each.id}`,
            each.do === "charge" ? { kind: "charged", amounts } : { kind: "released" },
          );
        }
      }
      settledUse = { "requests/month": 0, "input/month": 0 };
      for (const { cut, took } of log.values()) {
        settledUse["requests/month"] =
          (settledUse["requests/month"] ?? 0) + (took ? took.requests : (cut["requests/month"] ?? 0));
        settledUse["input/month"] =
          (settledUse["input/month"] ?? 0) + (took ? took.input : (cut["input/month"] ?? 0));
      }
      for (const rule of rules) {
        const used = state.counters[ruleName(rule)]?.used ?? 0;
        expect(used).toBe(settledUse[ruleName(rule)]);
        expect(used).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 300 },
  );
});

describe("estimates", () => {
  test("a request holds a quarter of its bytes and a usual answer", () => {
    expect(estimateOf("gpt-6-sol", 4_000)).toEqual({
      requests: 1,
      input: 1_000,
      output: 2_048,
      tokens: 3_048,
      cost: 22_480,
    });
  });

  test("a client that leaves pays for what was sent, and never less than was held", () => {
    const held = estimateOf("gpt-6-sol", 4_000);
    expect(cutAmounts("gpt-6-sol", held, 0)).toEqual(held);
    expect(cutAmounts("gpt-6-sol", held, 2_000_000).output).toBe(10_000);
  });

  test("an answer takes its tokens and their price", () => {
    const tokens = { input: 1_000_000, cached: 0, cacheWrite: 0, output: 0, reasoning: 0 };
    expect(amountsOf("gpt-6-luna", { ...tokens, input: 200_000 }).cost).toBe(20_000);
  });
});
