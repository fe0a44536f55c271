import { isRecord, parseJson, textField } from "../errors/json-value.ts";

const newline = 0x0a;
const carriageReturn = 0x0d;

/** Just behind the blank line that ends the last whole event of `bytes`; 0 when none ends here. */
export function lastBoundary(bytes: Buffer): number {
  // From the end, where it usually is: a search for the whole pattern would read everything each time.
  for (let at = bytes.lastIndexOf(newline); at > 0; at = bytes.lastIndexOf(newline, at - 1)) {
    const before = bytes[at - 1];
    if (before === newline || (before === carriageReturn && bytes[at - 2] === newline)) return at + 1;
  }
  return 0;
}

/** Just behind the blank line that ends the event which begins at `start`; -1 when it is not complete. */
export function eventEnd(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(newline, start); at >= 0; at = bytes.indexOf(newline, at + 1)) {
    const next = bytes[at + 1];
    if (next === newline) return at + 2;
    if (next === carriageReturn && bytes[at + 2] === newline) return at + 3;
  }
  return -1;
}

/** The data of one event; empty for a comment. */
export function eventData(event: string): string {
  const data: string[] = [];
  for (const line of event.split(/\r?\n/)) {
    if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
  }
  return data.join("\n");
}

/** What an event is, from its first characters: events hold whole answers. */
export function eventType(data: string): string {
  return /^\s*\{[^{}]{0,200}?"type"\s*:\s*"([\w.]{1,100})"/.exec(data)?.[1] ?? "";
}

export const finalTypes: ReadonlySet<string> = new Set([
  "response.completed",
  "response.failed",
  "response.incomplete",
  "error",
]);

// What may follow the end: a comment, `[DONE]`, limits.
const mostLooked = 4;

/** The event that ended a response, if it is among the last events of `bytes`; null when there is none. */
export function finalEvent(bytes: Buffer): object | null {
  let end = bytes.length;
  for (let looked = 0; looked < mostLooked && end > 0; looked += 1) {
    const start = eventStart(bytes, end);
    const event = finalOf(bytes, start, end);
    if (event !== null) return event;
    end = start;
  }
  return null;
}

/** Where the events begin that `finalEvent` looks at. */
export function lastEventsStart(bytes: Buffer): number {
  let start = bytes.length;
  for (let looked = 0; looked < mostLooked; looked += 1) start = eventStart(bytes, start);
  return start;
}

/** Where the event that ends at `end` begins. */
function eventStart(bytes: Buffer, end: number): number {
  let text = end;
  while (text > 0 && (bytes[text - 1] === newline || bytes[text - 1] === carriageReturn)) text -= 1;
  return lastBoundary(bytes.subarray(0, text));
}

/** An event tells its type at its beginning; only what may be an end is read whole. */
const typeBytes = 300;
const typeInEvent = /(?:^|\n)data: ?\s*\{[^{}]{0,200}?"type"\s*:\s*"([\w.]{1,100})"/;

function finalOf(bytes: Buffer, start: number, end: number): object | null {
  const type = typeInEvent.exec(bytes.toString("latin1", start, Math.min(end, start + typeBytes)))?.[1];
  if (type !== undefined && !finalTypes.has(type)) return null;
  const data = eventData(bytes.toString("utf8", start, end));
  const value = data === "" ? undefined : parseJson(data);
  return isRecord(value) && finalTypes.has(textField(value, "type") ?? "") ? value : null;
}
