import { clockText, durationText, relativeText } from "./time.ts";

interface Range {
  p10: number;
  p50: number;
  p90: number;
}

const minuteMs = 60_000;

/** "5 h", "week", "30 d": how people call a window of this length. */
export function windowName(windowMinutes: number): string {
  return windowMinutes === 7 * 24 * 60 ? "week" : durationText(windowMinutes * minuteMs);
}

/** "14:10, in 2 h 10 min"; an unstarted window has no reset. */
export function resetText(resetsAt: string | null, nowMs: number): string {
  if (resetsAt === null) return "not started";
  return `${clockText(resetsAt, nowMs)}, ${relativeText(resetsAt, nowMs)}`;
}

/** How long something lasts that ends at `endMs` anyway: `until the reset`, `2 h to 3 h`, `2 h or more`. */
export function lastsText({ p10, p90 }: Range, endMs: number, end: string): string {
  const isEnd = (ms: number) => ms >= endMs - minuteMs;
  if (isEnd(p10)) return `until ${end}`;
  const [from, to] = [coarse(p10), coarse(p90)];
  if (isEnd(p90)) return `${from} or more`;
  return from === to ? `about ${from}` : `${from} to ${to}`;
}

/** A forecast is not known to the minute. */
function coarse(ms: number): string {
  const stepMs = ms < 60 * minuteMs ? 5 * minuteMs : ms < 24 * 60 * minuteMs ? 10 * minuteMs : 60 * minuteMs;
  return durationText(Math.max(stepMs, Math.round(ms / stepMs) * stepMs));
}
