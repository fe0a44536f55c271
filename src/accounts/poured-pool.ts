import { findWindows, mainLimitId, minuteMs, usedPercentAt, weekMs } from "./limit.ts";
import { windowEndMs, windowLengthMs } from "./limit.ts";
import type { Limit } from "./limit.ts";
import { planSize } from "./plan.ts";
import { rankAccounts } from "./rank.ts";
import type { Candidate } from "./ranked-account.ts";
import { shortWindowsPerWeek } from "./score.ts";

const negligible = 1e-6;

/** A pool in an imagined future: demand goes to the account that the ranking picks, until none can serve. */
export class PouredPool {
  #accounts: Candidate[];

  constructor(accounts: readonly Candidate[]) {
    this.#accounts = [...accounts];
  }

  /** Places a demand, in percent of a Plus week. False when the pool cannot serve all of it. */
  pour(percent: number, atMs: number): boolean {
    let left = percent;
    // Every round serves the rest or empties an account.
    for (let round = 0; round <= this.#accounts.length; round++) {
      const { decision } = rankAccounts({ accounts: this.#accounts }, atMs);
      if (decision.kind !== "use") return false;
      left -= this.#use(decision.accountId, left, atMs);
      if (left <= negligible) return true;
    }
    return false;
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
