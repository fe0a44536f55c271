import { isRecord, jsonOrNull } from "../text/json.ts";
import { binMs, type Burn, BurnHistory } from "./forecast/past.ts";
import { dayMs, isSameWindow, type Limit, minuteMs, weekMs, windowEndMs, windowLengthMs } from "./limit.ts";

/** A rise of a reported percent inside one window. */
export interface HistoryStep {
  readonly atMs: number;
  readonly accountId: string;
  readonly limitId: string;
  readonly windowMinutes: number;
  /** Percent of the window, above 0. */
  readonly percent: number;
  /** Time since the report before: the burn happened somewhere inside it. */
  readonly overMs: number;
}

export const historyLengthMs = 6 * weekMs;

/** The steps between what was known of an account and a newer report. */
export function historySteps(
  accountId: string,
  known: readonly Limit[],
  report: readonly Limit[],
): HistoryStep[] {
  const steps: HistoryStep[] = [];
  for (const after of report) {
    const before = known.find((limit) => isSameKind(limit, after));
    if (before !== undefined && before.observedAtMs >= after.observedAtMs) continue;
    const step = stepBetween(before, after);
    if (step === null) continue;
    const windowMinutes = windowLengthMs(after) / minuteMs;
    steps.push({ atMs: after.observedAtMs, accountId, limitId: after.limitId, windowMinutes, ...step });
  }
  return steps;
}

function isSameKind(a: Limit, b: Limit): boolean {
  return a.limitId === b.limitId && windowLengthMs(a) === windowLengthMs(b);
}

function stepBetween(before: Limit | undefined, after: Limit): { percent: number; overMs: number } | null {
  const windowAgeMs = Math.max(0, after.observedAtMs - (windowEndMs(after) - windowLengthMs(after)));
  // Of a first report it is unknown when the percent was burned, so it says nothing about habits.
  if (before === undefined) return null;
  const isSame = isSameWindow(before, after);
  const percent = after.usedPercent - (isSame ? before.usedPercent : 0);
  if (!(percent > 0)) return null;
  const sinceBeforeMs = after.observedAtMs - before.observedAtMs;
  return { percent, overMs: isSame ? sinceBeforeMs : Math.min(sinceBeforeMs, windowAgeMs) };
}

/** One line per step, each with its line end: append them to the file. */
export function formatHistory(steps: readonly HistoryStep[]): string {
  return steps.map((step) => `${JSON.stringify(toLine(step))}\n`).join("");
}

function toLine(step: HistoryStep): Record<string, string | number> {
  const { atMs, accountId, limitId, windowMinutes, percent, overMs } = step;
  return { t: atMs, a: accountId, l: limitId, w: windowMinutes, p: percent, o: overMs };
}

/** The steps of a history file. Torn and foreign lines are left out: losing history loses no credential. */
export function parseHistory(text: string): HistoryStep[] {
  const steps: HistoryStep[] = [];
  const lines = text.split("\n").filter((line) => line.startsWith("{"));
  for (const value of parseWhole(lines) ?? lines.map(jsonOrNull)) {
    const step = parseStep(value);
    if (step !== null) steps.push(step);
  }
  return steps;
}

/** A hundred accounts make thousands of lines, and one document is read in a third of the time; null when one is torn. */
function parseWhole(lines: readonly string[]): readonly unknown[] | null {
  const values = jsonOrNull(`[${lines.join(",")}]`);
  return Array.isArray(values) && values.length === lines.length ? values : null;
}

function parseStep(value: unknown): HistoryStep | null {
  if (!isRecord(value)) return null;
  const { t, a, l, w, p, o } = value;
  if (typeof a !== "string" || typeof l !== "string") return null;
  if (!isPositive(t) || !isPositive(w) || !isPositive(p)) return null;
  return { atMs: t, accountId: a, limitId: l, windowMinutes: w, percent: p, overMs: isPositive(o) ? o : 0 };
}

function isPositive(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}

/** Whether a history file holds so much more than it must that it is worth writing again. */
export function needsCompaction(steps: readonly HistoryStep[], nowMs: number): boolean {
  return steps.length > 2 * compactHistory(steps, nowMs).length + 500;
}

/** Six weeks, one step per account, window and quarter of an hour, oldest first. Compacting twice changes nothing. */
export function compactHistory(steps: readonly HistoryStep[], nowMs: number): HistoryStep[] {
  const merged = new Map<string, HistoryStep>();
  for (const step of steps) {
    if (step.atMs <= nowMs - historyLengthMs) continue;
    const bin = Math.floor(step.atMs / binMs);
    const key = JSON.stringify([bin, step.accountId, step.limitId, step.windowMinutes]);
    const other = merged.get(key);
    merged.set(key, other === undefined ? step : joinSteps(other, step));
  }
  return [...merged.values()].sort((a, b) => a.atMs - b.atMs);
}

function joinSteps(a: HistoryStep, b: HistoryStep): HistoryStep {
  return {
    ...a,
    atMs: Math.max(a.atMs, b.atMs),
    percent: a.percent + b.percent,
    overMs: Math.max(a.overMs, b.overMs),
  };
}

interface HistoryKey {
  readonly accountId: string;
  readonly limitId: string;
  readonly windowMinutes: number;
}

/**
 * The history of one window as percent per quarter of an hour, from the local midnight before its first step to
 * now. `utcOffsetMinutes` gives the local offset at a time, east positive, so that a change to summer time keeps
 * every hour of the day in its place.
 */
export function binHistory(
  steps: readonly HistoryStep[],
  key: HistoryKey,
  nowMs: number,
  utcOffsetMinutes: (atMs: number) => number,
): BurnHistory {
  const mine = steps.filter((step) => belongsTo(step, key) && isRecent(step, nowMs));
  const local = (atMs: number) => atMs + utcOffsetMinutes(atMs) * minuteMs;
  const firstMs = mine.reduce((earliest, step) => Math.min(earliest, step.atMs - step.overMs), nowMs);
  const oldestMs = Math.max(firstMs, nowMs - historyLengthMs);
  const startLocalMs = Math.floor(local(oldestMs) / dayMs) * dayMs;
  const length = Math.floor((local(nowMs) - startLocalMs) / binMs) + 1;
  const positionOf = (atMs: number) => (local(atMs) - startLocalMs) / binMs;
  return new BurnHistory({
    startMs: nowMs - (local(nowMs) - startLocalMs),
    // Epoch day 0 was a Thursday.
    firstWeekday: (startLocalMs / dayMs + 3) % 7,
    length,
    burns: mine.map((step) => burnOf(step, length, positionOf)),
  });
}

function belongsTo(step: HistoryStep, key: HistoryKey): boolean {
  return (
    step.accountId === key.accountId &&
    step.limitId === key.limitId &&
    step.windowMinutes === key.windowMinutes
  );
}

function isRecent(step: HistoryStep, nowMs: number): boolean {
  return step.atMs <= nowMs && step.atMs > nowMs - historyLengthMs;
}

/** What was burned over a longer gap is spread over it evenly. */
function burnOf(
  { atMs, overMs, percent }: HistoryStep,
  length: number,
  positionOf: (atMs: number) => number,
): Burn {
  const last = Math.min(length - 1, Math.max(0, Math.floor(positionOf(atMs))));
  const first = Math.min(last, Math.max(0, Math.floor(positionOf(atMs - overMs))));
  return { first, last, percentPerBin: percent / (last - first + 1) };
}
