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

/** Whether a blank line ends in `after`, also one that began in the piece before it. */
export function endsAnEvent(before: Buffer, after: Buffer): boolean {
  return (
    lastBoundary(after) > 0 || lastBoundary(Buffer.concat([before.subarray(-3), after.subarray(0, 3)])) > 0
  );
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

/** The event that ended a response, if it is among the last events of `bytes`; null when there is none. */
export function finalEvent(bytes: Buffer): object | null {
  let end = bytes.length;
  for (let looked = 0; looked < lastEvents && end > 0; looked += 1) {
    const start = eventStart(bytes, end);
    const event = finalOf(bytes, start, end);
    if (event !== null) return event;
    end = start;
  }
  return null;
}

// What may follow the end: a comment, `[DONE]`, limits.
const lastEvents = 4;
/** An event tells its type at its beginning; only an end is read whole. */
const typeBytes = 400;

function finalOf(bytes: Buffer, start: number, end: number): object | null {
  const type = eventType(eventData(bytes.toString("utf8", start, Math.min(end, start + typeBytes))));
  if (type !== "" && !finalTypes.has(type)) return null;
  const data = eventData(bytes.toString("utf8", start, end));
  const value = data === "" ? undefined : parseJson(data);
  return isRecord(value) && finalTypes.has(textField(value, "type") ?? "") ? value : null;
}

/** Where the event that ends at `end` begins. */
function eventStart(bytes: Buffer, end: number): number {
  let text = end;
  while (text > 0 && isLineEnd(bytes[text - 1])) text -= 1;
  return lastBoundary(bytes.subarray(0, text));
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === newline || byte === carriageReturn;
}
