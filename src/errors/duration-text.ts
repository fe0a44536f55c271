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
