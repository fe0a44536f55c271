import { historyLengthMs } from "./history.ts";
import type { HistoryStep } from "./history.ts";
import { dayMs, minuteMs } from "./limit.ts";
import { binMs } from "./usage-track.ts";
import type { UsageHistory } from "./usage-track.ts";

export interface HistoryKey {
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
): UsageHistory {
  const mine = steps.filter((step) => belongsTo(step, key) && isRecent(step, nowMs));
  const local = (atMs: number) => atMs + utcOffsetMinutes(atMs) * minuteMs;
  const firstMs = mine.reduce((earliest, step) => Math.min(earliest, step.atMs - step.overMs), nowMs);
  const oldestMs = Math.max(firstMs, nowMs - historyLengthMs);
  const startLocalMs = Math.floor(local(oldestMs) / dayMs) * dayMs;
  const percentPerBin = new Float64Array(Math.floor((local(nowMs) - startLocalMs) / binMs) + 1);
  for (const step of mine) spread(percentPerBin, step, (atMs) => (local(atMs) - startLocalMs) / binMs);
  return {
    startMs: nowMs - (local(nowMs) - startLocalMs),
    // Epoch day 0 was a Thursday.
    firstWeekday: (startLocalMs / dayMs + 3) % 7,
    percentPerBin,
  };
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
function spread(bins: Float64Array, step: HistoryStep, positionOf: (atMs: number) => number): void {
  const last = Math.min(bins.length - 1, Math.max(0, Math.floor(positionOf(step.atMs))));
  const first = Math.min(last, Math.max(0, Math.floor(positionOf(step.atMs - step.overMs))));
  const share = step.percent / (last - first + 1);
  for (let index = first; index <= last; index++) bins[index] = (bins[index] ?? 0) + share;
}
