import { field, isRecord, readBoolean, readNumber, readText } from "../text/json.ts";

/** Where a figure was read. All sources are equal; the newest wins. */
export type LimitSource = "usage" | "headers" | "event" | "session";

/** What was last reported about one quota window of an account. Percent is 0 to 100, times are epoch ms. */
export interface Limit {
  /** `codex` is the main limit; families such as `codex_other` are kept apart. */
  readonly limitId: string;
  /** The slot of the report: `primary`, `secondary`, or another name. It says nothing about the length. */
  readonly window: string;
  readonly usedPercent: number;
  /** 300 for five hours, 10080 for a week; null when the report did not say. */
  readonly windowMinutes: number | null;
  readonly resetsAtMs: number | null;
  readonly observedAtMs: number;
  readonly source: LimitSource;
}

export const mainLimitId = "codex";
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
export const weekMs = 7 * dayMs;

const longWindowMinutes = 24 * 60;

/** The two windows that decide about an account. Which slot holds which differs between plans, so length decides. */
interface AccountWindows {
  readonly short: Limit | null;
  readonly long: Limit | null;
}

/**
 * Adds a report to what is known. A report about a limit id replaces everything older about that id: a window
 * that it no longer mentions no longer exists (a plan change, a lifted 5 h window).
 */
export function mergeLimits(known: readonly Limit[], report: readonly Limit[]): Limit[] {
  const newestById = new Map<string, number>();
  for (const limit of [...known, ...report]) {
    newestById.set(limit.limitId, Math.max(newestById.get(limit.limitId) ?? -Infinity, limit.observedAtMs));
  }
  const merged = new Map<string, Limit>();
  for (const limit of [...known, ...report]) {
    if (limit.observedAtMs < (newestById.get(limit.limitId) ?? 0)) continue;
    merged.set(`${limit.limitId}\n${limit.window}`, limit);
  }
  return [...merged.values()];
}

/** When the window is over. Without a reported reset it is the latest moment that is possible. */
export function windowEndMs(limit: Limit): number {
  return limit.resetsAtMs ?? limit.observedAtMs + windowLengthMs(limit);
}

/** A reset is reported in whole seconds by clocks that differ: within this it is the same window. */
const sameResetMs = 2 * minuteMs;

export function isSameWindow(a: Limit, b: Limit): boolean {
  return Math.abs(windowEndMs(a) - windowEndMs(b)) <= sameResetMs;
}

/** A window whose reset has passed, or that was never seen, counts as not started. */
export function hasStarted(limit: Limit | null, nowMs: number): limit is Limit {
  return limit !== null && windowEndMs(limit) > nowMs;
}

/** Percent used now, 0 to 100: a window that has not started is full. */
export function usedPercentAt(limit: Limit | null, nowMs: number): number {
  return hasStarted(limit, nowMs) ? Math.min(100, Math.max(0, limit.usedPercent)) : 0;
}

/** The reported length, else the usual one of the slot. */
export function windowLengthMs(limit: Limit): number {
  if (limit.windowMinutes !== null) return limit.windowMinutes * minuteMs;
  return limit.window === "secondary" ? weekMs : 5 * hourMs;
}

function isLongWindow(limit: Limit): boolean {
  return windowLengthMs(limit) >= longWindowMinutes * minuteMs;
}

/** The short and the long window of one limit id; of several of a kind the newest. */
export function findWindows(limits: readonly Limit[], limitId: string = mainLimitId): AccountWindows {
  let short: Limit | null = null;
  let long: Limit | null = null;
  for (const limit of limits) {
    if (limit.limitId !== limitId) continue;
    if (isLongWindow(limit)) {
      if (long === null || limit.observedAtMs > long.observedAtMs) long = limit;
    } else if (short === null || limit.observedAtMs > short.observedAtMs) {
      short = limit;
    }
  }
  return { short, long };
}

/** What is the same for every window of one report. */
export interface ReportOrigin {
  readonly limitId: string;
  readonly observedAtMs: number;
  readonly source: LimitSource;
}

/** What a report says about one window, each value as it was found. */
interface WindowReport {
  readonly usedPercent: unknown;
  readonly windowMinutes?: unknown;
  readonly windowSeconds?: unknown;
  /** Epoch seconds or ms. */
  readonly resetAt?: unknown;
  readonly resetAfterSeconds?: unknown;
}

const latestResetMs = 366 * dayMs;
/** Epoch values above this are ms: in seconds it would be the year 5138. */
const smallestEpochMs = 1e11;

/** `codex-other`, `Codex Other` and `codex_other` are one id; a report without a name is about the main limit. */
export function normalizeLimitId(name: unknown): string {
  const id = (readText(name) ?? "").toLowerCase().replaceAll(/[\s-]+/g, "_");
  return id === "" ? mainLimitId : id;
}

/** Both windows of a snapshot object: `{ primary, secondary }` or `{ primary_window, secondary_window }`. */
export function readSnapshot(snapshot: unknown, origin: ReportOrigin): Limit[] {
  return ["primary", "secondary"].flatMap((window) => {
    const value = field(snapshot, window) ?? field(snapshot, `${window}_window`);
    if (!isRecord(value)) return [];
    const limit = readWindow(window, windowReport(value), origin);
    return limit === null ? [] : [limit];
  });
}

function windowReport(value: unknown): WindowReport {
  return {
    usedPercent: field(value, "used_percent"),
    windowMinutes: field(value, "window_minutes"),
    windowSeconds: field(value, "limit_window_seconds"),
    resetAt: field(value, "resets_at") ?? field(value, "reset_at"),
    resetAfterSeconds: field(value, "reset_after_seconds") ?? field(value, "resets_in_seconds"),
  };
}

/** A window without a usable percentage is not reported; a missing length or reset stays null. */
export function readWindow(window: string, report: WindowReport, origin: ReportOrigin): Limit | null {
  const usedPercent = readNumber(report.usedPercent);
  if (usedPercent === null) return null;
  return {
    ...origin,
    window,
    usedPercent: Math.min(100, Math.max(0, usedPercent)),
    windowMinutes: readMinutes(report),
    resetsAtMs: readResetMs(report, origin.observedAtMs),
  };
}

function readMinutes({ windowMinutes, windowSeconds }: WindowReport): number | null {
  const seconds = readNumber(windowSeconds);
  const minutes = readNumber(windowMinutes) ?? (seconds === null ? null : seconds / 60);
  return minutes !== null && minutes > 0 ? minutes : null;
}

function readResetMs({ resetAt, resetAfterSeconds }: WindowReport, observedAtMs: number): number | null {
  const at = readNumber(resetAt);
  const after = readNumber(resetAfterSeconds);
  const resetsAtMs = at === null ? (after === null ? null : observedAtMs + after * 1000) : epochMs(at);
  if (resetsAtMs === null || resetsAtMs <= 0 || resetsAtMs - observedAtMs > latestResetMs) return null;
  return resetsAtMs;
}

function epochMs(value: number): number {
  return value >= smallestEpochMs ? value : value * 1000;
}

/** Paid credits beside the windows. */
export interface Credits {
  readonly hasCredits: boolean;
  readonly isUnlimited: boolean;
  /** As reported, an amount in text; null when not reported. */
  readonly balance: string | null;
}

/** From `{ has_credits, unlimited, balance }`; null when the value is something else. */
export function readCredits(value: unknown): Credits | null {
  if (!isRecord(value)) return null;
  return creditsOf(field(value, "has_credits"), field(value, "unlimited"), field(value, "balance"));
}

export function creditsOf(hasCredits: unknown, unlimited: unknown, balance: unknown): Credits | null {
  const has = readBoolean(hasCredits);
  const isUnlimited = readBoolean(unlimited);
  if (has === null && isUnlimited === null) return null;
  return { hasCredits: has ?? false, isUnlimited: isUnlimited ?? false, balance: readBalance(balance) };
}

function readBalance(value: unknown): string | null {
  const number = typeof value === "number" ? readNumber(value) : null;
  return number === null ? readText(value) : String(number);
}
