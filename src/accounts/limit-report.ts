import { dayMs, mainLimitId } from "./limit.ts";
import type { Limit, LimitSource } from "./limit.ts";
import { field, isRecord, readNumber, readText } from "./unknown-value.ts";

/** What is the same for every window of one report. */
export interface ReportOrigin {
  readonly limitId: string;
  readonly observedAtMs: number;
  readonly source: LimitSource;
}

/** What a report says about one window, each value as it was found. */
export interface WindowReport {
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
