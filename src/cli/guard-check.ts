import { findWindows, mainLimitId, minuteMs, usedPercentAt, windowLengthMs } from "../accounts/limit.ts";
import type { Limit } from "../accounts/limit.ts";
import type { Candidate } from "../accounts/ranked-account.ts";
import { windowName } from "../ui/window-text.ts";
import type { PoolState } from "./pool-state.ts";
import { quotaState } from "./quota-report.ts";

export type GuardWindow = "any" | "short" | "long" | "primary" | "secondary";

export interface GuardRule {
  minRemainingPercent: number;
  window: GuardWindow;
  /** Unknown is a failure. */
  strict: boolean;
}

/** Whether one account has what the rule asks for. */
export function guardAccount(
  { snapshot, nowMs }: PoolState,
  candidate: Candidate,
  { row, rule }: { row: number; rule: GuardRule },
) {
  const { label = null, login } = snapshot.pool.accounts[row - 1] ?? {};
  const about = { accountId: candidate.id, row, name: label ?? login?.email ?? candidate.id };
  const counted = windowsOf(candidate.limits, rule.window);
  const left = counted.map((limit) => ({ limit, percent: 100 - usedPercentAt(limit, nowMs) }));
  const least = left.toSorted((a, b) => a.percent - b.percent)[0];
  const remainingPercent = least?.percent ?? null;
  const { isReady, stateReason } = quotaState(candidate, nowMs);
  if (!isReady) return { ...about, passed: false, remainingPercent, reason: stateReason ?? "cannot be used" };
  if (least === undefined) {
    const isKnown = candidate.limits.some(({ limitId }) => limitId === mainLimitId);
    const reason = isKnown ? "its plan has no such window" : "nothing is known of its quota";
    return { ...about, passed: isKnown || !rule.strict, remainingPercent, reason };
  }
  const name = windowName(windowLengthMs(least.limit) / minuteMs);
  const reason = `${name} window: ${shownPercent(least.percent)} % left`;
  return { ...about, passed: least.percent >= rule.minRemainingPercent, remainingPercent, reason };
}

function windowsOf(limits: readonly Limit[], window: GuardWindow): Limit[] {
  const { short, long } = findWindows(limits);
  if (window === "primary" || window === "secondary") {
    return limits.filter((limit) => limit.limitId === mainLimitId && limit.window === window);
  }
  const wanted = { any: [short, long], short: [short], long: [long] }[window];
  return wanted.filter((limit) => limit !== null);
}

function shownPercent(percent: number): number {
  return Math.floor(percent * 10) / 10;
}
