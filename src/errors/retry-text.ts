import { clockAt } from "./clock-text.ts";
import type { ClockOptions } from "./clock-text.ts";
import { durationAt, wholeDuration } from "./duration-text.ts";

// What a wait is announced with. Each phrase ends where the duration or the time begins.
const announcement =
  /\b(?:try again|retry(?:ing)?|wait|resets?|resetting|available(?: again)?|back)(?: (?:at|in|after|on|for|until))?:? {0,3}(?:(?:about|approximately|another|around|at least|less than|~) {0,3})?/gi;

/** Every wait that a text announces, as epoch ms. Linear in the length of the text. */
export function momentsInText(given: string, options: ClockOptions): number[] {
  // Formatted times can hold no-break spaces: "3:05\u202fPM".
  const text = given.replace(/[\u00a0\u202f]/g, " ");
  const whole = wholeDuration(text);
  if (whole !== undefined) return [options.nowMs + whole];
  const found: number[] = [];
  for (const match of text.matchAll(announcement)) {
    const at = match.index + match[0].length;
    const moment = clockAt(text, at, options) ?? afterDuration(text, at, options.nowMs);
    if (moment !== undefined) found.push(moment);
  }
  return found;
}

function afterDuration(text: string, at: number, nowMs: number): number | undefined {
  const found = durationAt(text, at, { bareSeconds: true });
  return found && nowMs + found.ms;
}
