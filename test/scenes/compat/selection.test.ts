import * as fc from "fast-check";
import { expect, test } from "vitest";
import { getTopCandidates } from "../../../src/compat/get-top-candidates.ts";
import { selectHybridAccount } from "../../../src/compat/select-hybrid-account.ts";
import { HealthScoreTracker, TokenBucketTracker } from "../../../src/compat/trackers.ts";
import { callLoosely } from "../../support/call-loosely.ts";

const nowMs = 1_795_219_200_000;
const hour = 3_600_000;
const health = new HealthScoreTracker({ now: () => nowMs });
const tokens = new TokenBucketTracker({ now: () => nowMs });

function account(index: number, more: object = {}) {
  return { index, isAvailable: true, lastUsed: nowMs, ...more };
}

function select(accounts: ReturnType<typeof account>[], more: object = {}) {
  const base = { accounts, healthTracker: health, tokenTracker: tokens };
  return (
    selectHybridAccount({ ...base, ...more, options: { nowMs, ...Reflect.get(more, "options") } })?.index ??
    null
  );
}

test("an account that rested longer wins, and ties keep the first", () => {
  expect(select([account(0), account(1, { lastUsed: nowMs - hour }), account(2)])).toBe(1);
  expect(select([account(4), account(5)])).toBe(4);
});

test("one available account is chosen, whatever its score", () => {
  expect(select([account(0, { isAvailable: false }), account(1)])).toBe(1);
});

test("differs from codex-multi-auth: with nothing available the answer is null", () => {
  expect(select([account(0, { isAvailable: false })])).toBeNull();
  expect(select([])).toBeNull();
  expect(select([account(0)], { options: { blockedAccountIndexes: new Set([0]) } })).toBeNull();
});

test("health counts twice, tokens five times, an hour twice", () => {
  const tired = new HealthScoreTracker({ now: () => nowMs });
  tired.recordFailure(0, "codex");
  const spent = new TokenBucketTracker({ now: () => nowMs });
  spent.tryConsume("one", "codex");
  const sources = { healthTracker: tired, tokenTracker: spent, quotaKey: "codex" };
  const one = account(1, { trackerKey: "one" });
  // 40 points of health weigh as 20 h, 5 points of a token as 2.5 h.
  expect(select([account(0, { lastUsed: nowMs - 17 * hour }), one], sources)).toBe(1);
  expect(select([account(0, { lastUsed: nowMs - 18 * hour }), one], sources)).toBe(0);
  expect(select([account(0), one], { ...sources, config: { healthWeight: 0 } })).toBe(0);
  expect(select([account(0), one], { ...sources, config: { healthWeight: 0, tokenWeight: 0 } })).toBe(0);
});

test("a finite boost counts, any other does not", () => {
  const boost = (points: number) => ({ options: { scoreBoostByAccount: { 1: points } } });
  expect(select([account(0), account(1)], boost(0.5))).toBe(1);
  expect(select([account(0), account(1)], boost(Infinity))).toBe(0);
  expect(select([account(0), account(1)], boost(Number.NaN))).toBe(0);
});

test("the process id spreads equal accounts", () => {
  const chosen = new Set<number | null>();
  for (let pid = 0; pid < 100; pid += 1) {
    chosen.add(
      select(
        [0, 1, 2, 3].map((index) => account(index)),
        { options: { pidOffsetEnabled: true, pid } },
      ),
    );
  }
  expect(chosen.size).toBeGreaterThan(1);
  expect(select([account(0), account(1)], { options: { pid: 99 } })).toBe(0);
});

const accounts = fc.array(
  fc.record({ index: fc.nat(9), isAvailable: fc.boolean(), lastUsed: fc.integer({ min: 0, max: nowMs }) }),
);

test("selectHybridAccount: both call forms give the same, for any arguments", () => {
  const params = fc.record(
    {
      accounts,
      quotaKey: fc.string({ minLength: 1 }),
      config: fc.record(
        { healthWeight: fc.nat(9), tokenWeight: fc.nat(9), freshnessWeight: fc.nat(9) },
        { requiredKeys: [] },
      ),
      boosts: fc.dictionary(fc.nat(9).map(String), fc.double()),
    },
    { requiredKeys: ["accounts"] },
  );
  fc.assert(
    fc.property(params, ({ accounts, quotaKey, config, boosts = {} }) => {
      const options = { nowMs, pid: 5, pidOffsetEnabled: true, scoreBoostByAccount: boosts };
      const named = { accounts, healthTracker: health, tokenTracker: tokens, quotaKey, config, options };
      expect(selectHybridAccount(accounts, health, tokens, quotaKey, config, options)).toBe(
        selectHybridAccount(named),
      );
    }),
  );
});

const snapshot = (...list: object[]) => ({
  getAccountsSnapshot: () =>
    list.map((more, index) => Object.assign({ index, lastUsed: nowMs - index }, more)),
});
const top = (manager: ReturnType<typeof snapshot>, model: string | null = "gpt-5.5", count = 9) =>
  getTopCandidates(manager, "codex", model, count, { nowMs }).map(({ index }) => index);

test.each([
  ["disabled", { enabled: false }],
  ["limited for the family", { rateLimitResetTimes: { codex: nowMs + 1 } }],
  ["limited for the model", { rateLimitResetTimes: { "codex:gpt-5.5": nowMs + 1 } }],
  ["cooling down", { coolingDownUntil: nowMs + 1 }],
  ["invalidated", { invalidated: true }],
  ["invalidated some time ago", { invalidatedAt: nowMs - 5 }],
])("an account that is %s is no candidate", (_, more) => {
  expect(top(snapshot({}, more))).toEqual([0]);
});

test("past limits, other models' limits and enabled accounts are candidates", () => {
  const open = {
    rateLimitResetTimes: { codex: nowMs, "codex:other": nowMs + 9 },
    coolingDownUntil: nowMs,
    enabled: true,
  };
  expect(top(snapshot(open))).toEqual([0]);
  expect(top(snapshot({ rateLimitResetTimes: { "codex:gpt-5.5": nowMs + 1 } }), null)).toEqual([0]);
});

test("candidates come best first, at most as many as asked, ties in order", () => {
  expect(top(snapshot({ lastUsed: 5 }, { lastUsed: 1 }, { lastUsed: 5 }))).toEqual([1, 0, 2]);
  expect(top(snapshot({}, {}, {}), null, 2)).toEqual([2, 1]);
});

test("getTopCandidates: both call forms give the same, for any arguments", () => {
  const model = fc.option(fc.string());
  const list = fc.array(
    fc.record(
      { lastUsed: fc.nat(), enabled: fc.boolean(), coolingDownUntil: fc.nat() },
      { requiredKeys: [] },
    ),
  );
  fc.assert(
    fc.property(
      list,
      fc.string({ minLength: 1 }),
      model,
      fc.integer({ min: 1, max: 9 }),
      (all, modelFamily, model, maxCandidates) => {
        const accountManager = snapshot(...all);
        const options = { nowMs };
        const named = { accountManager, modelFamily, model, maxCandidates, options };
        expect(getTopCandidates(accountManager, modelFamily, model, maxCandidates, options)).toEqual(
          getTopCandidates(named),
        );
      },
    ),
  );
});

test.each([
  [[]],
  [[[], health]],
  [["accounts", health, tokens]],
  [[[{ index: 0 }], health, tokens]],
  [[[], {}, tokens]],
  [[{ accounts: [], healthTracker: health, tokenTracker: tokens, extra: 1 }]],
  [[{ accounts: [] }]],
])("selectHybridAccount(%j) is a wrong call", (args) => {
  expect(() => callLoosely(selectHybridAccount, args)).toThrow(
    new TypeError("selectHybridAccount requires accounts, healthTracker and tokenTracker"),
  );
});

test.each([
  [[[], health, tokens, 5], "quotaKey"],
  [[[], health, tokens, ""], "quotaKey"],
  [[[], health, tokens, "k", { healthWeight: "2" }], "config"],
  [[[], health, tokens, "k", {}, { blockedAccountIndexes: [1] }], "options"],
])("selectHybridAccount names what is wrong in call %#: %s", (args, name) => {
  expect(() => callLoosely(selectHybridAccount, args)).toThrow(
    new TypeError(`selectHybridAccount requires a valid ${name}`),
  );
});

test.each([
  [[]],
  [[snapshot()]],
  [[snapshot(), "", null, 1]],
  [[{}, "codex", null, 3]],
  [[snapshot(), "codex", null]],
  [[snapshot(), "codex", null, 0]],
  [[snapshot(), "codex", null, 1.5]],
  [[snapshot(), 5, null, 1]],
  [[{ accountManager: snapshot(), modelFamily: "codex", model: null, maxCandidates: 1, max: 1 }]],
])("getTopCandidates(%j) is a wrong call", (args) => {
  expect(() => callLoosely(getTopCandidates, args)).toThrow(
    new TypeError(
      "getTopCandidates requires accountManager, modelFamily, model and a positive integer maxCandidates",
    ),
  );
});

test("a snapshot that holds no accounts is refused", () => {
  const manager = { getAccountsSnapshot: () => [{ name: "x" }] };
  expect(() => callLoosely(getTopCandidates, [manager, "codex", null, 1])).toThrow(
    /^getTopCandidates requires an account/,
  );
});
