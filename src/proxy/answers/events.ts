import { isRecord, parseJson, textField } from "../../text/json.ts";

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
function lastEventsStart(bytes: Buffer): number {
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
/** In the first line of its data: what stands in a later one needs a look at all of them. */
const typeInEvent = /^\s*(?:event:[^\n]{0,100}\n)?data: ?\s*\{[^{}\n]{0,200}?"type"\s*:\s*"([\w.]{1,100})"/;

/** The type of the event from `start` to `end` where it can be told from its first bytes; else empty. */
export function typeAt(bytes: Buffer, start: number, end: number): string {
  return typeInEvent.exec(bytes.toString("latin1", start, Math.min(end, start + typeBytes)))?.[1] ?? "";
}

function finalOf(bytes: Buffer, start: number, end: number): object | null {
  const type = typeAt(bytes, start, end);
  if (type !== "" && !finalTypes.has(type)) return null;
  const data = eventData(bytes.toString("utf8", start, end));
  const value = data === "" ? undefined : parseJson(data);
  return isRecord(value) && finalTypes.has(textField(value, "type") ?? "") ? value : null;
}

/** An event longer than this is passed on in pieces. */
const longestEvent = 8 * 1024 * 1024;
/** The longest end of an event: two line ends. */
const tailBytes = 3;

const copiedBytes = 4096;
const nothing = Buffer.alloc(0);

/** Cuts a stream where its events end, so that nobody ever sees a torn one. Copies nothing that is large. */
export class WholeEvents {
  /** What ended the response, when it has come. */
  final: object | null = null;
  /** The client has to run a tool before the turn goes on. */
  asksForTool = false;
  /** The last one was too long and goes out in pieces. */
  isTorn = false;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #tail: Buffer = nothing;
  readonly #hiddenType: string | null;

  /** Events of `hiddenType` are left out. */
  constructor(hiddenType: string | null = null) {
    this.#hiddenType = hiddenType;
  }

  /** The pieces of events that are whole now; empty when none is. */
  take(pieces: readonly Buffer[]): readonly Buffer[] {
    const whole: Buffer[] = [];
    for (const piece of pieces) {
      const end = boundaryIn(this.#tail, piece);
      if (end > 0) {
        if (this.#kept.length > 0) whole.push(...this.rest());
        whole.push(end < piece.length ? piece.subarray(0, end) : piece);
        this.isTorn = false;
      }
      // What begins with an event needs nothing of the one before.
      this.#tail = end === piece.length ? nothing : tailOf(this.#tail, piece);
      if (end < piece.length) this.#keep(piece.subarray(end));
    }
    if (whole.length > 0) this.#look(whole);
    const shown = this.#hiddenType === null ? whole : withoutType(whole, this.#hiddenType);
    if (this.#keptBytes <= longestEvent) return shown;
    this.isTorn = true;
    return [...shown, ...this.rest()];
  }

  /** The pieces of an event that has no end yet. */
  rest(): Buffer[] {
    const rest = this.#kept;
    this.#kept = [];
    this.#keptBytes = 0;
    return rest;
  }

  /** Upstream has ended the stream by itself: whatever is left is its last event. */
  end(): readonly Buffer[] {
    const rest = this.rest();
    if (rest.length > 0) this.#look(rest);
    return this.#hiddenType === null ? rest : withoutType(rest, this.#hiddenType);
  }

  /** A short rest is copied: it would keep alive all of the large piece that it is the end of. */
  #keep(piece: Buffer): void {
    this.#kept.push(piece.length <= copiedBytes ? Buffer.from(piece) : piece);
    this.#keptBytes += piece.length;
  }

  #look(whole: readonly Buffer[]): void {
    this.asksForTool ||= piecesAskForTool(whole);
    const last = whole.at(-1);
    const isEnough = last !== undefined && (whole.length === 1 || lastEventsStart(last) > 0);
    this.final = finalEvent(isEnough ? last : Buffer.concat(whole)) ?? this.final;
  }
}

/** Whole events but those of one type. Nothing is copied where the type is not even named. */
function withoutType(whole: readonly Buffer[], type: string): readonly Buffer[] {
  const [only] = whole;
  const bytes = whole.length === 1 && only ? only : Buffer.concat(whole);
  if (!bytes.includes(type)) return whole;
  const shown: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const next = eventEnd(bytes, start);
    const end = next < 0 ? bytes.length : next;
    if (wholeType(bytes, start, end) !== type) shown.push(bytes.subarray(start, end));
    start = end;
  }
  return shown;
}

/** However the event writes it. */
function wholeType(bytes: Buffer, start: number, end: number): string | undefined {
  const known = typeAt(bytes, start, end);
  return known === "" ? textField(parseJson(eventData(bytes.toString("utf8", start, end))), "type") : known;
}

/** Just behind the last event that ends in `piece`; 0 when none does. `before` are the bytes that came before it. */
function boundaryIn(before: Buffer, piece: Buffer): number {
  const inside = lastBoundary(piece);
  if (inside > 0 || before.length === 0) return inside;
  const joint = Buffer.concat([before, piece.subarray(0, tailBytes)]);
  return Math.max(0, lastBoundary(joint) - before.length);
}

function tailOf(before: Buffer, piece: Buffer): Buffer {
  return piece.length >= tailBytes
    ? Buffer.from(piece.subarray(-tailBytes))
    : Buffer.concat([before, piece]).subarray(-tailBytes);
}

const numbered = '"sequence_number":';

/** Of the event after those that end in `bytes`; undefined where they are not numbered. */
export function nextNumber(bytes: Buffer): number | undefined {
  const at = bytes.lastIndexOf(numbered);
  if (at < 0) return undefined;
  const from = at + numbered.length;
  const digits = /^\s*(\d{1,9})\b/.exec(bytes.toString("latin1", from, from + typeBytes))?.[1];
  return digits === undefined ? undefined : Number(digits) + 1;
}

const ending = '_call"';
/** Items that the client answers with an output; searches and pictures are made by OpenAI itself. */
const call =
  /"type"\s*:\s*"(?:function|custom_tool|local_shell|shell|apply_patch|computer|tool_search)_call"$/;
const longest = 64;

/**
 * Whether an answer asks the client to run a tool, from its bytes: events hold whole answers, so none is parsed for
 * this. Inside a text of the model the quotes are escaped, and nothing is found there.
 */
export function asksForTool(bytes: Buffer | string): boolean {
  for (let at = bytes.indexOf(ending); at >= 0; at = bytes.indexOf(ending, at + 1)) {
    const [from, to] = [Math.max(0, at - longest), at + ending.length];
    if (call.test(typeof bytes === "string" ? bytes.slice(from, to) : bytes.toString("latin1", from, to)))
      return true;
  }
  return false;
}

/** The same for pieces of one text, wherever it was cut. */
function piecesAskForTool(pieces: readonly Buffer[]): boolean {
  return pieces.some((piece, at) => {
    const before = pieces[at - 1];
    if (asksForTool(piece)) return true;
    return (
      before !== undefined &&
      asksForTool(Buffer.concat([before.subarray(-longest), piece.subarray(0, longest)]))
    );
  });
}
