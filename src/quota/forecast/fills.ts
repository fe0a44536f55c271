import { type Limit, windowEndMs, windowLengthMs } from "../limit.ts";

/** The windows of one kind of all accounts. A length of NaN: there is none, and nothing that it limits. */
export interface Fills {
  readonly used: Float64Array;
  readonly endMs: Float64Array;
  readonly lengthMs: Float64Array;
}

/** Sums of many servings are not exact to the last digit. */
const fullPercent = 100 - 1e-6;

export function fillsOf(limits: readonly (Limit | null)[]): Fills {
  return {
    used: Float64Array.from(limits, (limit) => limit?.usedPercent ?? 0),
    endMs: Float64Array.from(limits, (limit) => (limit === null ? 0 : windowEndMs(limit))),
    lengthMs: Float64Array.from(limits, (limit) => (limit === null ? NaN : windowLengthMs(limit))),
  };
}

export function copyFills({ used, endMs, lengthMs }: Fills): Fills {
  return { used: used.slice(), endMs: endMs.slice(), lengthMs: lengthMs.slice() };
}

export function hasWindow({ lengthMs }: Fills, account: number): boolean {
  return !Number.isNaN(lengthMs[account]);
}

/** A window that has not started is full. */
export function usedAt({ used, endMs }: Fills, account: number, atMs: number): number {
  return (endMs[account] ?? 0) > atMs ? Math.min(100, Math.max(0, used[account] ?? 0)) : 0;
}

/** A window that has ended starts with the next use. */
export function startAgain({ used, endMs, lengthMs }: Fills, account: number, atMs: number): void {
  if ((endMs[account] ?? 0) > atMs || Number.isNaN(lengthMs[account])) return;
  used[account] = 0;
  endMs[account] = atMs + (lengthMs[account] ?? 0);
}

export function use({ used }: Fills, account: number, percent: number): void {
  used[account] = (used[account] ?? 0) + percent;
}

export function endAfter({ endMs }: Fills, account: number, atMs: number): number {
  const end = endMs[account] ?? 0;
  return end > atMs ? end : Infinity;
}

export function fullUntil({ used, endMs }: Fills, account: number, atMs: number): number {
  return (used[account] ?? 0) >= fullPercent ? (endMs[account] ?? 0) : atMs;
}
