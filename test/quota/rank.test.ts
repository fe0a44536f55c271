import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Candidate } from "../../src/quota/candidate.ts";
import { hourMs, type Limit, minuteMs, weekMs } from "../../src/quota/limit.ts";
import { homeDecision, rankAccounts, type RankState } from "../../src/quota/rank.ts";
import { account, nowMs, request, shortLimit, weekLimit } from "../support/given-quota.ts";

const cooling = (kind: "exhausted" | "transient" | "auth", forMs: number) => ({
  block: { kind, sinceMs: nowMs - minuteMs, untilMs: nowMs + forMs },
});

function decide(accounts: Candidate[], state: Partial<RankState> = {}) {
  return rankAccounts({ accounts, ...state }, nowMs).decision;
}

describe("the best account", () => {
  const cases: [why: string, accounts: Candidate[], best: string][] = [
    ["has more of its week left", [account("a", [10, 60]), account("b", [10, 20])], "b"],
    ["has more room in its short window", [account("a", [80, 20]), account("b", [10, 20])], "b"],
    [
      "loses quota unless it is used soon",
      [account("a", [0, 40]), account("b", [0, 40], { limits: [weekLimit(40, weekMs / 10)] })],
      "b",
    ],
    ["is less busy", [account("a", [0, 0], { otherConversations: 2 }), account("b", [0, 0])], "b"],
    [
      "is large, when all are busy",
      [
        account("a", [0, 0], { otherConversations: 2 }),
        account("b", [0, 0], { plan: "pro", otherConversations: 2 }),
      ],
      "b",
    ],
    ["comes first by id when all is equal", [account("b", [5, 5]), account("a", [5, 5])], "a"],
    [
      "was never seen, before one that is half used",
      [account("a", [50, 50]), account("b", [0, 0], { limits: [] })],
      "b",
    ],
    [
      "is weekly only and unused",
      [account("a", [50, 50]), account("b", [0, 0], { limits: [weekLimit(5)] })],
      "b",
    ],
    [
      "has a reset that has passed",
      [account("a", [50, 30]), account("b", [100, 30], { limits: [shortLimit(100, -1), weekLimit(30)] })],
      "b",
    ],
    ["is not in its last percent", [account("a", [0, 99]), account("b", [90, 90])], "b"],
    [
      "is in its last percent rather than reported full",
      [account("a", [0, 99]), account("b", [100, 0])],
      "a",
    ],
    [
      "is reported full, when that is all there is",
      [account("a", [100, 50]), account("b", [0, 0], cooling("auth", hourMs))],
      "a",
    ],
    [
      "may be any but the paused one",
      [account("a", [0, 0], { unusable: "paused" }), account("b", [90, 90])],
      "b",
    ],
  ];
  test.each(cases)("%s", (_why, accounts, best) => {
    expect(decide(accounts)).toEqual({ kind: "use", accountId: best, reason: "best" });
  });
});

describe("a conversation", () => {
  const pool = [account("a", [60, 60]), account("b", [0, 0])];

  it("stays with its account while the cache may live", () => {
    const decision = decide(pool, { request: request({ homeId: "a", idleMs: 59 * minuteMs }) });
    expect(decision).toEqual({ kind: "use", accountId: "a", reason: "cache" });
  });

  it("is placed anew after an idle hour", () => {
    const decision = decide(pool, { request: request({ homeId: "a", idleMs: 61 * minuteMs }) });
    expect(decision).toMatchObject({ accountId: "b", reason: "best" });
  });

  it("leaves an account that failed this request", () => {
    const tried = request({ homeId: "a", triedIds: new Set(["a"]) });
    expect(decide(pool, { request: tried })).toMatchObject({ accountId: "b" });
  });

  it("leaves an account that is reported full", () => {
    const full = [account("a", [100, 60]), account("b", [0, 0])];
    expect(decide(full, { request: request({ homeId: "a" }) })).toMatchObject({ accountId: "b" });
  });

  const holds: [kind: "exhausted" | "transient" | "auth", forMs: number, expected: string][] = [
    ["transient", 20_000, "hold"],
    ["transient", 20_001, "use"],
    ["exhausted", 5000, "use"],
    ["auth", 5000, "use"],
  ];
  test.each(holds)("whose account is blocked (%s, %d ms): %s", (kind, forMs, expected) => {
    const accounts = [account("a", [0, 0], cooling(kind, forMs)), account("b", [0, 0])];
    expect(decide(accounts, { request: request({ homeId: "a" }) }).kind).toBe(expected);
  });
});

describe("waiting", () => {
  it("lasts until the first account is back", () => {
    const accounts = [
      account("a", [0, 0], cooling("exhausted", 5000)),
      account("b", [0, 0], cooling("auth", 3000)),
    ];
    expect(decide(accounts)).toEqual({ kind: "wait", untilMs: nowMs + 3000, reason: "exhausted" });
  });

  it("has no end when no account can ever serve", () => {
    expect(decide([])).toEqual({ kind: "wait", untilMs: null, reason: "no-account" });
    const unusable = [account("a", [0, 0], { unusable: "login expired" })];
    expect(decide(unusable)).toEqual({ kind: "wait", untilMs: null, reason: "no-account" });
  });

  const reserved = { kind: "wait", untilMs: nowMs + 2 * hourMs, reason: "reserved" };
  const nearlyUsed = [account("a", [85, 50])];

  it("is for new turns, while eight times the need of the turns that run is more than what is left", () => {
    const running = { runningTurns: 2, request: request() };
    expect(decide(nearlyUsed, running)).toEqual(reserved);
    expect(decide(nearlyUsed, { ...running, request: request({ isTurnStart: false }) }).kind).toBe("use");
    expect(decide(nearlyUsed, { ...running, runningTurns: 1 }).kind).toBe("use");
    expect(decide(nearlyUsed, { ...running, runningTurns: 1, need: 0.02 })).toEqual(reserved);
    expect(decide(nearlyUsed, { ...running, need: 0.005 }).kind).toBe("use");
  });

  // Seven ended runs of a small task were "running", and an unused account refused the next one.
  it("is for nobody while a quarter of the pool is left, or nothing runs", () => {
    const many = { runningTurns: 1000, need: 0.3, request: request() };
    expect(decide([account("a", [75, 50])], many).kind).toBe("use");
    expect(decide([account("a", [76, 50])], many)).toEqual(reserved);
    expect(decide([account("a", [98, 50])], { ...many, runningTurns: 0 }).kind).toBe("use");
  });

  it("measures the pool by the accounts that may be used, the limited ones among them", () => {
    const many = { runningTurns: 1000, need: 0.3, request: request() };
    const limited = account("b", [100, 50], { plan: "pro", ...cooling("exhausted", hourMs) });
    expect(decide([account("a", [10, 50]), limited], many)).toMatchObject({ reason: "reserved" });
    const paused = account("b", [0, 0], { plan: "pro", unusable: "paused" });
    expect(decide([account("a", [10, 50]), paused], many).kind).toBe("use");
  });
});

it("shows every term of the score", () => {
  const { ranked } = rankAccounts({ accounts: [account("a", [5, 38], { otherConversations: 1 })] }, nowMs);
  expect(ranked[0]?.terms).toEqual({
    shortFree: 0.95,
    weekFree: 0.62,
    weekLeft: 0.5,
    pace: 1.24,
    room: 0.95,
    size: 1,
    busy: 1,
    score: (1.24 * 0.95) / 2,
    usedPercent: 38,
    shortWindowMinutes: 300,
    shortResetsAtMs: nowMs + 2 * hourMs,
    weekResetsAtMs: nowMs + weekMs / 2,
  });
});

it("ranks by the windows of the limit that is asked for", () => {
  const other = { limitId: "codex_other" };
  const spent = [shortLimit(0), weekLimit(0), shortLimit(100, hourMs, other)];
  const accounts = [account("a", [0, 0], { limits: spent }), account("b", [50, 50])];
  expect(rankAccounts({ accounts }, nowMs).decision).toMatchObject({ accountId: "a" });
  expect(rankAccounts({ accounts }, nowMs, other).decision).toMatchObject({ accountId: "b" });
});

describe("for every pool", () => {
  const percent = fc.integer({ min: 0, max: 100 });
  const blocks = fc.option(
    fc.record({
      kind: fc.constantFrom("exhausted", "transient", "auth"),
      sinceMs: fc.constant(0),
      untilMs: fc.integer({ min: nowMs - 10_000, max: nowMs + 90_000 }),
    }),
  );
  const pools = fc.uniqueArray(
    fc.record({
      id: fc.string({ minLength: 1, maxLength: 4 }),
      plan: fc.option(fc.constantFrom("plus", "pro", "free", "martian")),
      limits: fc
        .tuple(percent, percent, fc.integer({ min: -9, max: 300 }))
        .map(([short, week, hours]) => [
          shortLimit(short, (hours / 60) * hourMs),
          weekLimit(week, hours * hourMs),
        ]),
      block: blocks,
      otherConversations: fc.nat(5),
    }),
    { selector: (each) => each.id, maxLength: 8 },
  );

  it("the order does not depend on the order given, every account appears once, all terms are finite", () => {
    fc.assert(
      fc.property(pools, (accounts) => {
        const one = rankAccounts({ accounts }, nowMs);
        expect(rankAccounts({ accounts: [...accounts].reverse() }, nowMs)).toEqual(one);
        expect(one.ranked.map(({ id }) => id).sort()).toEqual(accounts.map(({ id }) => id).sort());
        for (const { terms } of one.ranked) {
          for (const term of [terms.score, terms.pace, terms.room, terms.weekLeft]) {
            expect(term > 0 && Number.isFinite(term)).toBe(true);
          }
        }
      }),
    );
  });

  it("a blocked or tried account is never used, and waiting ends after now", () => {
    fc.assert(
      fc.property(pools, fc.nat(7), (accounts, pick) => {
        const tried = accounts[pick]?.id ?? "none";
        const { decision } = rankAccounts(
          { accounts, request: request({ triedIds: new Set([tried]) }) },
          nowMs,
        );
        if (decision.kind === "use") {
          const used = accounts.find(({ id }) => id === decision.accountId);
          expect(used?.block?.untilMs ?? 0).toBeLessThanOrEqual(nowMs);
          expect(decision.accountId).not.toBe(tried);
        } else {
          expect(decision.untilMs ?? Infinity).toBeGreaterThan(nowMs);
        }
      }),
    );
  });
});

test("a home that is looked at alone is decided on as among all", () => {
  const random = seeded(20_261_130);
  let stays = 0;
  for (let round = 0; round < 600; round += 1) {
    const accounts = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, index) =>
      candidateOf(index, random),
    );
    const [home] = accounts;
    if (home === undefined) continue;
    const idleMs = Math.floor(random() * 2 * hourMs);
    const asked = { homeId: home.id, idleMs, isTurnStart: random() < 0.5, triedIds: new Set<string>() };
    const { decision } = rankAccounts({ accounts, request: asked, runningTurns: 3 }, nowMs);
    const alone = homeDecision(home, asked, nowMs);
    const isStay = decision.kind === "use" && decision.reason === "cache";
    expect(alone).toEqual(isStay ? decision : null);
    stays += isStay ? 1 : 0;
  }
  expect(stays).toBeGreaterThan(50);
});

function candidateOf(index: number, random: () => number): Candidate {
  const limit = (window: string, windowMinutes: number): Limit => ({
    limitId: "codex",
    window,
    usedPercent: Math.floor(random() * 3) * 50,
    windowMinutes,
    resetsAtMs: nowMs + Math.floor(random() * 5 - 1) * 3_600_000,
    observedAtMs: nowMs,
    source: "usage",
  });
  const untilMs = nowMs + (random() - 0.5) * 1e7;
  return {
    id: `account-${index}`,
    plan: "plus",
    limits: [limit("primary", 300), limit("secondary", 10_080)],
    block: random() < 0.3 ? { kind: "exhausted", sinceMs: nowMs, untilMs } : null,
    ...(random() < 0.2 ? { unusable: "paused" as const } : {}),
  };
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}
