const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

// "Nov 25th, 2026 1:15 PM", "November 25, 2026 at 13:15"
const dated =
  /([a-z]{3})[a-z]{0,6}\.? {1,3}(\d{1,2})(?:st|nd|rd|th)?,? {1,3}(\d{4}),?(?: at)? {1,3}(\d{1,2}):(\d{2})(?: ?([ap])\.?m\b)?( ?(?:utc|gmt|z)\b)?/iy;
// "3:05 PM", "15:05"
const timed = /(\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([ap])\.?m\b)?( ?(?:utc|gmt|z)\b)?/iy;
const iso =
  /(\d{4})-(\d{2})-(\d{2})[t ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?( ?z| ?utc|[+-]\d{2}:?\d{2})?/iy;
const httpDate = /^[a-z]{3,9}, ?(\d{1,2})[ -]([a-z]{3})[ -](\d{2,4}) (\d{2}):(\d{2}):(\d{2}) GMT$/i;

/** A moment as parts of a calendar; `utc` when the text named the zone, else it is local time. */
interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second?: number;
}

export interface ClockOptions {
  readonly nowMs: number;
  /** Minutes east of UTC of the clock that wrote the text; the zone of this machine when absent. */
  readonly utcOffsetMinutes?: number | undefined;
}

/** The moment that the text names at `at`, in epoch ms: "3:05 PM", "Nov 25th, 2026 1:15 PM" or ISO 8601. */
export function clockAt(text: string, at: number, options: ClockOptions): number | undefined {
  return isoAt(text, at, options) ?? datedAt(text, at, options) ?? timedAt(text, at, options);
}

/** An HTTP date such as `Fri, 20 Nov 2026 12:00:00 GMT`, in epoch ms. */
export function parseHttpDate(text: string): number | undefined {
  const match = httpDate.exec(text.trim());
  const month = months.indexOf(match?.[2]?.toLowerCase() ?? "");
  if (!match || month < 0) return undefined;
  const year = Number(match[3]);
  const [day, hour, minute, second] = [match[1], match[4], match[5], match[6]].map(Number);
  return toMs(parts(year < 100 ? 2000 + year : year, month, day, hour, minute, second), 0);
}

function isoAt(text: string, at: number, { utcOffsetMinutes }: ClockOptions): number | undefined {
  const match = stickyExec(iso, text, at);
  if (!match) return undefined;
  const [year = 0, month = 0, day, hour, minute, second] = match.slice(1, 7).map((each) => Number(each ?? 0));
  return toMs(parts(year, month - 1, day, hour, minute, second), zoneMinutes(match[7]) ?? utcOffsetMinutes);
}

function datedAt(text: string, at: number, { utcOffsetMinutes }: ClockOptions): number | undefined {
  const match = stickyExec(dated, text, at);
  const month = months.indexOf(match?.[1]?.toLowerCase() ?? "");
  const hour = match === null ? undefined : hourOf(match[4], match[6]);
  if (!match || month < 0 || hour === undefined) return undefined;
  const moment = parts(Number(match[3]), month, Number(match[2]), hour, Number(match[5]));
  return toMs(moment, match[7] ? 0 : utcOffsetMinutes);
}

/** Today's moment of that time; tomorrow's when it has passed. The minute that runs now has not passed. */
function timedAt(text: string, at: number, { nowMs, utcOffsetMinutes }: ClockOptions): number | undefined {
  const match = stickyExec(timed, text, at);
  const hour = match === null ? undefined : hourOf(match[1], match[4]);
  if (!match || hour === undefined) return undefined;
  const offset = match[5] ? 0 : utcOffsetMinutes;
  const time = { hour, minute: Number(match[2]), second: Number(match[3] ?? 0) };
  const found = toMs({ ...calendarDay(nowMs, offset), ...time }, offset);
  if (found === undefined || found > nowMs) return found;
  if (nowMs - found < minuteMs) return found + minuteMs;
  return toMs({ ...calendarDay(nowMs + dayMs, offset), ...time }, offset);
}

function hourOf(text: string | undefined, half: string | undefined): number | undefined {
  const hour = Number(text);
  if (half === undefined) return hour < 24 ? hour : undefined;
  if (hour < 1 || hour > 12) return undefined;
  return (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0);
}

function zoneMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined) return undefined;
  const match = /([+-])(\d{2}):?(\d{2})/.exec(zone);
  if (!match) return 0;
  return (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
}

function calendarDay(ms: number, offset: number | undefined): Pick<Parts, "year" | "month" | "day"> {
  if (offset === undefined) {
    const local = new Date(ms);
    return { year: local.getFullYear(), month: local.getMonth(), day: local.getDate() };
  }
  const shifted = new Date(ms + offset * minuteMs);
  return { year: shifted.getUTCFullYear(), month: shifted.getUTCMonth(), day: shifted.getUTCDate() };
}

function toMs(moment: Parts, offset: number | undefined): number | undefined {
  const { year, month, day, hour, minute, second = 0 } = moment;
  if (month < 0 || month > 11 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
    return undefined;
  if (offset === undefined) return new Date(year, month, day, hour, minute, second).getTime();
  return Date.UTC(year, month, day, hour, minute, second) - offset * minuteMs;
}

function parts(year: number, month: number, day = 0, hour = 0, minute = 0, second = 0): Parts {
  return { year, month, day, hour, minute, second };
}

function stickyExec(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

// A month counts its longest form: a wait may be too long, never too short.
const unitsMs: Readonly<Record<string, number>> = {
  ...names(1, "ms", "msec", "msecs", "millisecond", "milliseconds"),
  ...names(second, "s", "sec", "secs", "second", "seconds"),
  ...names(minute, "m", "min", "mins", "minute", "minutes"),
  ...names(hour, "h", "hr", "hrs", "hour", "hours"),
  ...names(day, "d", "day", "days"),
  ...names(7 * day, "w", "week", "weeks"),
  ...names(31 * day, "month", "months"),
};

const separator = /(?:[\s,;&]|and\b){0,6}/y;
const amount = /(\d{1,15}(?:\.\d{1,9})?|an?(?= ))[ \t-]{0,4}([a-z]{0,13})/iy;
const bareNumber = /\d{1,15}(?:\.\d{1,9})?(?=\s{0,3}$|[.,;)!"'](?:\s|$))/y;

/**
 * Reads a duration that starts at `at`: "3 days 4 hours 9 minutes", "1h30m", "6m0s", "1.5s", "500ms", "an hour".
 * Every unit counts. Returns milliseconds and where the duration ends; undefined when there is none.
 * A number without unit counts as seconds, if `bareSeconds` says so.
 */
export function durationAt(
  text: string,
  at: number,
  { bareSeconds = false }: { bareSeconds?: boolean } = {},
): { ms: number; end: number } | undefined {
  let ms: number | undefined;
  let end = at;
  for (let terms = 0; terms < 8; terms += 1) {
    const part = termAt(text, terms === 0 ? end : skip(text, end));
    const unit = part && unitsMs[part.unit];
    if (part === undefined || unit === undefined) {
      if (terms > 0 || !bareSeconds) break;
      return bareSecondsAt(text, at);
    }
    ms = (ms ?? 0) + part.count * unit;
    end = part.end;
  }
  return ms === undefined ? undefined : { ms, end };
}

/** The text as one duration and nothing else; undefined otherwise. */
export function wholeDuration(text: string): number | undefined {
  const trimmed = text.trim();
  const found = durationAt(trimmed, 0);
  return found && found.end === trimmed.length ? found.ms : undefined;
}

function termAt(text: string, at: number): { count: number; unit: string; end: number } | undefined {
  amount.lastIndex = at;
  const match = amount.exec(text);
  if (!match) return undefined;
  const [, number = "", unit = ""] = match;
  const count = /^\d/.test(number) ? Number(number) : 1;
  return { count, unit: unit.toLowerCase(), end: amount.lastIndex };
}

/** "30" at the end of a sentence, but not in "2026-11-25", "3/5", "15:05" or "5 requests". */
function bareSecondsAt(text: string, at: number): { ms: number; end: number } | undefined {
  bareNumber.lastIndex = at;
  const match = bareNumber.exec(text);
  return match ? { ms: Number(match[0]) * second, end: bareNumber.lastIndex } : undefined;
}

function skip(text: string, at: number): number {
  separator.lastIndex = at;
  return separator.test(text) ? separator.lastIndex : at;
}

function names(ms: number, ...units: string[]): Record<string, number> {
  return Object.fromEntries(units.map((unit) => [unit, ms]));
}
