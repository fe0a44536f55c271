/** One event of a `text/event-stream`. */
export interface SseEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Splits a whole `text/event-stream` transcript into its events: LF, CR or CRLF, several `data` lines, comments
 * skipped, and the last event even when the stream was cut before its blank line. Linear in the text.
 */
export function parseSse(transcript: string): SseEvent[] {
  const events: SseEvent[] = [];
  let event = "message";
  let data: string[] = [];
  for (const line of [...transcript.split(/\r\n|\n|\r/), ""]) {
    if (line === "") {
      if (data.length > 0) events.push({ event, data: data.join("\n") });
      [event, data] = ["message", []];
    } else if (line.startsWith("data:")) {
      data.push(fieldValue(line, 5));
    } else if (line.startsWith("event:")) {
      event = fieldValue(line, 6);
    }
  }
  return events;
}

function fieldValue(line: string, at: number): string {
  return line.slice(line[at] === " " ? at + 1 : at);
}
