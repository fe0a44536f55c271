import { parseJson, textField } from "../errors/json-value.ts";

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

/** The event that ended a response, from the last whole events of its stream; null when there is none. */
export function finalEvent(bytes: Buffer): object | null {
  const events = bytes.toString("utf8").split(/\r?\n\r?\n/);
  for (const event of events.reverse()) {
    const data = eventData(event);
    if (data === "") continue;
    const value = parseJson(data);
    if (value !== undefined && finalTypes.has(textField(value, "type") ?? "")) return value;
  }
  return null;
}
