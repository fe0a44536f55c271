/** "3 d 4 h", "2 h 10 min", "45 s": the two largest units, rounded down. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first === -1) return "0 s";
  const shown = parts.slice(first, first + (first === 2 ? 1 : 2)).filter(([amount]) => amount > 0);
  return shown.map(([amount, unit]) => `${amount} ${unit}`).join(" ");
}

/** A time of today as "14:05", another day as "Thu 19 Nov 14:05", another year in full; in the local zone. */
export function clockText(time: string, nowMs: number): string {
  const at = new Date(time);
  const now = new Date(nowMs);
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === now.toDateString()) return clock;
  const [weekday, month, day, year] = at.toDateString().split(" ");
  return at.getFullYear() === now.getFullYear()
    ? `${weekday} ${day} ${month} ${clock}`
    : `${day} ${month} ${year} ${clock}`;
}

/** The times in a text as a clock on the wall shows them. A quoted one is a value and stays. */
export function localTimes(text: string, nowMs: number): string {
  const pattern = /(?<![\w"'-])\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z(?![\w"'-])/g;
  return text.replaceAll(pattern, (time) => (Number.isNaN(Date.parse(time)) ? time : clockText(time, nowMs)));
}

/** "in 2 h 10 min" or "2 h 10 min ago". */
export function relativeText(time: string, nowMs: number): string {
  const ms = Date.parse(time) - nowMs;
  return ms >= 0 ? `in ${durationText(ms)}` : `${durationText(-ms)} ago`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

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

/** "950", "12.3 k", "4.56 M", "1.2 G": a count of tokens in three digits. */
export function countText(count: number): string {
  const units = ["", " k", " M", " G"];
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  if (unit === 0) return String(Math.round(value));
  return `${value >= 99.95 ? Math.round(value) : value.toFixed(1)}${units[unit] ?? ""}`;
}

/** "1 error", "2 errors". */
export function counted(count: number, word: string, several = `${word}s`): string {
  return `${count} ${count === 1 ? word : several}`;
}

/** Whether a number is a time: what stands in a file may be anything. */
export function isTime(ms: number): boolean {
  return Math.abs(ms) <= 8.64e15;
}

/** Null for a number that is no time. */
export function isoTime(ms: number | null): string | null {
  return ms !== null && isTime(ms) ? new Date(ms).toISOString() : null;
}
