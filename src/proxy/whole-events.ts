import { piecesAskForTool } from "./tool-call.ts";
import { finalEvent, lastBoundary, lastEventsStart } from "./sse-events.ts";

/** An event longer than this is passed on in pieces. */
const longestEvent = 8 * 1024 * 1024;
/** The longest end of an event: two line ends. */
const tailBytes = 3;

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
  #tail: Buffer = Buffer.alloc(0);

  /** The pieces of events that are whole now; empty when none is. */
  take(pieces: readonly Buffer[]): Buffer[] {
    const whole: Buffer[] = [];
    for (const piece of pieces) {
      const end = boundaryIn(this.#tail, piece);
      this.#tail = tailOf(this.#tail, piece);
      if (end > 0) whole.push(...this.rest(), piece.subarray(0, end));
      if (end < piece.length) this.#keep(piece.subarray(end));
      if (end > 0) this.isTorn = false;
    }
    if (whole.length > 0) this.#look(whole);
    if (this.#keptBytes <= longestEvent) return whole;
    this.isTorn = true;
    return [...whole, ...this.rest()];
  }

  /** The pieces of an event that has no end yet. */
  rest(): Buffer[] {
    const rest = this.#kept;
    this.#kept = [];
    this.#keptBytes = 0;
    return rest;
  }

  /** Upstream has ended the stream by itself: whatever is left is its last event. */
  end(): Buffer[] {
    const rest = this.rest();
    if (rest.length > 0) this.#look(rest);
    return rest;
  }

  #keep(piece: Buffer): void {
    this.#kept.push(piece);
    this.#keptBytes += piece.length;
  }

  #look(whole: readonly Buffer[]): void {
    this.asksForTool ||= piecesAskForTool(whole);
    const last = whole.at(-1);
    const isEnough = last !== undefined && (whole.length === 1 || lastEventsStart(last) > 0);
    this.final = finalEvent(isEnough ? last : Buffer.concat(whole)) ?? this.final;
  }
}

/** Just behind the last event that ends in `piece`; 0 when none does. `before` are the bytes that came before it. */
function boundaryIn(before: Buffer, piece: Buffer): number {
  const inside = lastBoundary(piece);
  if (inside > 0) return inside;
  const joint = Buffer.concat([before, piece.subarray(0, tailBytes)]);
  return Math.max(0, lastBoundary(joint) - before.length);
}

function tailOf(before: Buffer, piece: Buffer): Buffer {
  return piece.length >= tailBytes
    ? piece.subarray(-tailBytes)
    : Buffer.concat([before, piece]).subarray(-tailBytes);
}
