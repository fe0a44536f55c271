import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { wholeDuration } from "../../errors/retry-times.ts";
import { accountState } from "../../pool/state.ts";
import type { Candidate } from "../../quota/candidate.ts";
import {
  findWindows,
  type Limit,
  mainLimitId,
  minuteMs,
  usedPercentAt,
  windowLengthMs,
} from "../../quota/limit.ts";
import type { PoolState } from "../../reports/pool.ts";
import { quotaState } from "../../reports/quota.ts";
import { windowName } from "../../text/times.ts";

export const windows = ["any", "short", "long", "primary", "secondary"] as const;

export function readPercent(text: string): number {
  const percent = /^\d+(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (percent >= 0 && percent <= 100) return percent;
  throw new CodexAuthError("usage", `Invalid percentage: ${text}`, {
    hint: "A number from 0 to 100: codex auth guard --min-remaining 20",
  });
}

export function readWindow(text: string): GuardWindow {
  const window = windows.find((each) => each === text);
  if (window !== undefined) return window;
  throw new CodexAuthError("usage", `Unknown window: ${text}`, {
    hint: "The windows are: short (5 h), long (week), primary, secondary",
  });
}

export function readWait(text: string | undefined): number {
  if (text === undefined) return 0;
  const ms = wholeDuration(text);
  if (ms !== undefined) return ms;
  throw new CodexAuthError("usage", `Not a time: ${text}`, {
    hint: "A number and a unit: codex auth guard --wait 2h",
  });
}

export type GuardWindow = "any" | "short" | "long" | "primary" | "secondary";

export interface GuardRule {
  minRemainingPercent: number;
  window: GuardWindow;
  /** An API key, which has no quota of a plan, is a failure. */
  strict: boolean;
  /** An account of which nothing is known passes. */
  allowUnknown: boolean;
}

/** Whether one account has what the rule asks for. */
export function guardAccount(
  { snapshot, nowMs }: PoolState,
  candidate: Candidate,
  { row, rule }: { row: number; rule: GuardRule },
) {
  const account = snapshot.pool.accounts[row - 1];
  if (account === undefined) throw new Error(`no account ${candidate.id}`);
  const { label, login } = account;
  const about = { id: candidate.id, row, name: label ?? login.email ?? candidate.id };
  const counted = windowsOf(candidate.limits, rule.window);
  const left = counted.map((limit) => ({ limit, percent: 100 - usedPercentAt(limit, nowMs) }));
  const least = left.toSorted((a, b) => a.percent - b.percent)[0];
  const remainingPercent = least?.percent ?? null;
  if (accountState(account, candidate.block, nowMs).kind === "no-plan") {
    const reason = `${login.kind === "apiKey" ? "an API key" : login.kind}: it has no quota of a plan`;
    return { ...about, passed: !rule.strict, remainingPercent: null, reason };
  }
  const { isReady, stateReason } = quotaState(account, candidate, nowMs);
  if (!isReady) return { ...about, passed: false, remainingPercent, reason: stateReason ?? "cannot be used" };
  if (least === undefined) {
    const isKnown = candidate.limits.some(({ limitId }) => limitId === mainLimitId);
    const reason = isKnown ? "its plan has no such window" : "unknown: ask OpenAI with --live";
    return { ...about, passed: isKnown || rule.allowUnknown, remainingPercent, reason };
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
