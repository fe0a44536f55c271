import type { LimitWindow } from "./policy.ts";

/** From `startMs` until just before `endMs`, milliseconds since 1970. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/**
 * The window that counts at `nowMs`. Windows that begin with the first use begin at `nowMs`; the others at midnight,
 * Monday or the first of the month, in UTC.
 */
export function windowAt(window: LimitWindow, nowMs: number): Span {
  switch (window) {
    case "minute":
      return { startMs: nowMs, endMs: nowMs + minuteMs };
    case "5h":
      return { startMs: nowMs, endMs: nowMs + 300 * minuteMs };
    case "day": {
      const startMs = dayStart(nowMs);
      return { startMs, endMs: startMs + dayMs };
    }
    case "week": {
      // 1970 began on a Thursday, so Monday is three days before it.
      const weekday = (Math.floor(nowMs / dayMs) + 3) % 7;
      const startMs = dayStart(nowMs) - weekday * dayMs;
      return { startMs, endMs: startMs + 7 * dayMs };
    }
    case "month":
      break;
  }
  const date = new Date(nowMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) };
}

/** Midnight in UTC. */
export function dayStart(nowMs: number): number {
  return Math.floor(nowMs / dayMs) * dayMs;
}

export function hourStart(nowMs: number): number {
  return Math.floor(nowMs / hourMs) * hourMs;
}
