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

/** "in 2 h 10 min" or "2 h 10 min ago". */
export function relativeText(time: string, nowMs: number): string {
  const ms = Date.parse(time) - nowMs;
  return ms >= 0 ? `in ${durationText(ms)}` : `${durationText(-ms)} ago`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
