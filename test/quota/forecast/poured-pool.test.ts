import { expect, test } from "vitest";
import { type Candidate, planSize, shortWindowsPerWeek } from "../../../src/quota/candidate.ts";
import { seededRandom } from "../../../src/quota/forecast/futures.ts";
import { PouredPool } from "../../../src/quota/forecast/poured-pool.ts";
import {
  findWindows,
  hourMs,
  type Limit,
  mainLimitId,
  minuteMs,
  usedPercentAt,
  weekMs,
  windowEndMs,
  windowLengthMs,
} from "../../../src/quota/limit.ts";
import { rankAccounts } from "../../../src/quota/rank.ts";
import { nowMs } from "../../support/given-quota.ts";

test("a pool of plain figures serves as one that asks the whole ranking, to the last digit", () => {
  const random = seededRandom(20_261_130);
  const told: boolean[] = [];
  for (let round = 0; round < 60; round += 1) {
    const accounts = Array.from({ length: Math.floor(random() * 9) }, (_, index) =>
      candidateOf(index, random),
    );
    const mostPercent = 10 ** (random() * 3);
    const demands = Array.from({ length: 40 }, () => random() * mostPercent);
    const course = (pool: PouredPool | SlowPool) =>
      demands.map((percent, step) => {
        const atMs = nowMs + step * 4 * hourMs;
        return [pool.canServe(atMs), pool.pour(percent, atMs), pool.firstReturn(atMs)];
      });
    const slowly = course(new SlowPool(accounts));
    expect(course(new PouredPool(accounts))).toEqual(slowly);
    told.push(...slowly.map(([, isServed]) => isServed === true));
  }
  // Both happened often, or nothing was shown.
  const served = told.filter(Boolean).length;
  expect(Math.min(served, told.length - served)).toBeGreaterThan(300);
});

function candidateOf(index: number, random: () => number): Candidate {
  const pick = <T>(of: readonly T[]): T | undefined => of[Math.floor(random() * of.length)];
  const limit = (window: string, minutes: number): Limit => ({
    limitId: random() < 0.1 ? "codex_other" : "codex",
    window,
    usedPercent: pick([0, 30, 50, 98.5, 99, 100, 130, -5]) ?? 0,
    windowMinutes: random() < 0.2 ? null : minutes,
    resetsAtMs: random() < 0.2 ? null : nowMs + (random() * 60 - 5) * hourMs,
    observedAtMs: nowMs - Math.floor(random() * 10) * hourMs,
    source: "usage",
  });
  const limits = [limit("primary", 300), limit("secondary", 10_080), limit("secondary", 43_200)];
  const untilMs = nowMs + (random() - 0.3) * 50 * hourMs;
  const blocked = { kind: "exhausted" as const, sinceMs: nowMs, untilMs };
  const limitId = pick([undefined, "codex", "codex_other"]);
  return {
    id: `account-${(index * 7) % 10}`,
    plan: pick(["plus", "pro", "free", null]) ?? null,
    limits: limits.filter(() => random() < 0.7),
    block: random() < 0.3 ? { ...blocked, ...(limitId === undefined ? {} : { limitId }) } : null,
    ...(random() < 0.1 ? { unusable: "paused" } : {}),
    ...(random() < 0.2 ? { otherConversations: Math.floor(random() * 4) } : {}),
  };
}

const negligible = 1e-6;

function bestAccount(accounts: readonly Candidate[], atMs: number): string | null {
  const { decision } = rankAccounts({ accounts }, atMs);
  return decision.kind === "use" ? decision.accountId : null;
}

/** By the whole ranking and with whole accounts, as it was before it had to be quick. */
class SlowPool {
  #accounts: Candidate[];

  constructor(accounts: readonly Candidate[]) {
    this.#accounts = [...accounts];
  }

  /** Places a demand, in percent of a Plus week. False when the pool cannot serve all of it. */
  pour(percent: number, atMs: number): boolean {
    let left = percent;
    // Every round serves the rest or empties an account.
    for (let round = 0; round <= this.#accounts.length; round++) {
      const id = bestAccount(this.#accounts, atMs);
      if (id === null) return false;
      left -= this.#use(id, left, atMs);
      if (left <= negligible) return true;
    }
    return false;
  }

  canServe(atMs: number): boolean {
    return bestAccount(this.#accounts, atMs) !== null;
  }

  /** Of a pool that cannot serve. */
  firstReturn(atMs: number) {
    let first: { untilMs: number | null; accountId: string | null } = { untilMs: null, accountId: null };
    for (const { id, unusable, block } of this.#accounts) {
      if (unusable !== undefined || block === null || block.untilMs <= atMs) continue;
      if (block.untilMs < (first.untilMs ?? Infinity)) first = { untilMs: block.untilMs, accountId: id };
    }
    return first;
  }

  #use(id: string, wanted: number, atMs: number): number {
    const index = this.#accounts.findIndex((account) => account.id === id);
    const account = this.#accounts[index];
    if (account === undefined) return 0;
    const size = planSize(account.plan);
    const { short, long } = startWindows(account.limits, atMs);
    const roomOf = (limit: Limit | null) =>
      limit === null ? Infinity : (100 - usedPercentAt(limit, atMs)) * size;
    const weekRoom = roomOf(long);
    const shortRoom = roomOf(short) / shortWindowsPerWeek;
    const served = Math.min(wanted, weekRoom, shortRoom);
    const limits = [use(short, (served * shortWindowsPerWeek) / size), use(long, served / size)].flat();
    const isEmpty = served < wanted - negligible;
    const block = isEmpty ? emptyBlock(limits, atMs) : account.block;
    this.#accounts[index] = { ...account, limits, block };
    return served;
  }
}

/** A window starts with its first use. An account of which nothing is known gets a week. */
function startWindows(limits: readonly Limit[], atMs: number) {
  const { short, long } = findWindows(limits);
  return {
    short: short === null ? null : started(short, atMs),
    long: long !== null ? started(long, atMs) : short === null ? started(unknownWeek, atMs) : null,
  };
}

const unknownWeek: Limit = {
  limitId: mainLimitId,
  window: "secondary",
  usedPercent: 0,
  windowMinutes: weekMs / minuteMs,
  resetsAtMs: null,
  observedAtMs: 0,
  source: "session",
};

function started(limit: Limit, atMs: number): Limit {
  if (windowEndMs(limit) > atMs) return limit;
  return { ...limit, usedPercent: 0, resetsAtMs: atMs + windowLengthMs(limit), observedAtMs: atMs };
}

function use(limit: Limit | null, percent: number): Limit[] {
  return limit === null ? [] : [{ ...limit, usedPercent: limit.usedPercent + percent }];
}

/** As upstream would answer: nothing more until the fullest window resets. */
function emptyBlock(limits: readonly Limit[], atMs: number) {
  const full = limits.filter((limit) => limit.usedPercent >= 100 - negligible);
  const untilMs = Math.max(atMs, ...full.map((limit) => windowEndMs(limit)));
  return { kind: "exhausted" as const, sinceMs: atMs, untilMs };
}
