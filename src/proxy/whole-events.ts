import { endsAnEvent, finalEvent, lastBoundary } from "./sse-events.ts";

/** An event longer than this is passed on in pieces. */
const longestEvent = 8 * 1024 * 1024;
const nothing: Buffer = Buffer.alloc(0);

/** Cuts a stream where its events end, so that nobody ever sees a torn one. */
export class WholeEvents {
  /** What ended the response, when it has come. */
  final: object | null = null;
  /** The last one was too long and went out in pieces, and its end is not there yet. */
  isTorn = false;
  #parts: Buffer[] = [];
  #size = 0;

  /** The events that are whole now; empty when none is. */
  take(bytes: Buffer): Buffer {
    const before = this.#parts.at(-1) ?? nothing;
    this.#parts.push(bytes);
    this.#size += bytes.length;
    if (this.#size <= longestEvent && !endsAnEvent(before, bytes)) return nothing;
    const all = this.#join();
    const boundary = lastBoundary(all);
    const end = boundary || all.length;
    this.isTorn = boundary === 0;
    if (end < all.length) this.#keep(all.subarray(end));
    return this.#told(all.subarray(0, end));
  }

  /** What is left when upstream has ended the stream by itself. */
  rest(): Buffer {
    return this.#told(this.#join());
  }

  #join(): Buffer {
    const [only = nothing] = this.#parts;
    const all = this.#parts.length < 2 ? only : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return all;
  }

  #keep(bytes: Buffer): void {
    this.#parts = [bytes];
    this.#size = bytes.length;
  }

  #told(events: Buffer): Buffer {
    this.final = finalEvent(events) ?? this.final;
    return events;
  }
}
