import type { IncomingMessage, ServerResponse } from "node:http";
import { formatSse, responseFailedEvent } from "../../errors/stream-failure.ts";
import { nextNumber, WholeEvents } from "./events.ts";

export interface Relayed {
  /** `whole`: upstream ended it; `cut`: the connection to upstream was lost; `client-gone`: the client left first. */
  readonly kind: "whole" | "cut" | "client-gone";
  /** The event that ended the response, if it was passed on. */
  readonly finalEvent: object | null;
  readonly asksForTool: boolean;
  /** Of the answer's body, to the client. */
  readonly sentBytes: number;
}

export interface RelayOptions {
  /** Read already, and not passed on. */
  readonly held: readonly Buffer[];
  readonly isEventStream: boolean;
  /** Upstream's longest silence. */
  readonly idleMs: number;
  /** A stream that ends without its last event is told as cut. */
  readonly mustEnd: boolean;
  /** Events of this type are left out. */
  readonly hiddenType?: string | undefined;
  readonly stop?: Stop | undefined;
}

/** Somebody may take back what is being answered, and why. */
export interface Stop {
  /** Calls `work` when that happens, once; returns what calls that off. */
  readonly onStop: (work: () => void) => () => void;
  readonly code: string;
  readonly message: string;
}

/**
 * Passes an answer on, no faster than the client reads it, to a client that is corked: headers, what was read so far and,
 * of a short answer, the end leave in one packet. A stream of events goes out in whole events, so that after
 * a cut, or when upstream says nothing more, the client finds no torn one but a well-formed `response.failed`.
 */
export function relay(
  answer: IncomingMessage,
  client: ServerResponse,
  { held, isEventStream, idleMs, mustEnd, hiddenType, stop }: RelayOptions,
): Promise<Relayed> {
  // While an earlier request of the same connection is answered, a response has no socket of its own.
  const { socket } = client.req;
  return new Promise((resolve) => {
    const events = new WholeEvents(hiddenType);
    let unread: Buffer[] = [];
    let isCorked = true;
    let isOver = false;
    let sentBytes = 0;
    let lastPiece: Buffer | null = null;
    const idle = setTimeout(onSilence, idleMs);

    function pass(pieces: readonly Buffer[]): void {
      let isRead = true;
      if (pieces.length > 1) client.cork();
      for (const piece of pieces) {
        isRead = client.write(piece);
        sentBytes += piece.length;
        lastPiece = piece;
      }
      if (pieces.length > 1) client.uncork();
      if (isRead) return;
      release();
      if (isFull()) answer.pause();
    }

    /**
     * Whether a `drain` will come. What a corked response says of itself means nothing in Node 22 and later: it counts what it
     * has kept, and is never heard of again when the connection takes all of that at once.
     */
    function isFull(): boolean {
      return (client.socket ?? client).writableNeedDrain;
    }

    function release(): void {
      if (isCorked) client.uncork();
      isCorked = false;
    }

    /** Node loses what is still corked when the end comes (22 and later); the connection's own cork keeps it one packet. */
    function endWith(last: string): void {
      client.socket?.cork();
      release();
      client.end(last);
    }

    /** Events come in many small pieces; those of one packet leave together again. */
    function onData(chunk: Buffer): void {
      if (isOver) return;
      idle.refresh();
      if (!isEventStream) return pass([chunk]);
      if (unread.push(chunk) === 1) queueMicrotask(flush);
    }

    function flush(): void {
      if (unread.length === 0) return;
      const pieces = unread;
      unread = [];
      if (!isOver) pass(events.take(pieces));
    }

    const onDrain = () => answer.resume();

    function onEnd(): void {
      if (isOver) return;
      if (!answer.complete) return onCut();
      flush();
      pass(events.end());
      if (mustEnd && isEventStream && events.final === null) {
        return breakOff("OpenAI's answer ended before it was complete.");
      }
      endWith("");
      conclude("whole");
    }

    const onCut = () => breakOff("The connection to OpenAI was lost in the middle of the answer.");

    function breakOff(message: string, code = "upstream_error", kind: Relayed["kind"] = "cut"): void {
      if (isOver) return;
      flush();
      const sequenceNumber = lastPiece === null ? undefined : nextNumber(lastPiece);
      const end = formatSse(responseFailedEvent({ code, message }, { sequenceNumber }));
      if (!isEventStream) client.destroy();
      else if (events.final === null) endWith(`${events.isTorn ? "\n\n" : ""}${end}`);
      else endWith("");
      conclude(kind);
    }

    /** No fault of upstream's, as when the client leaves. */
    function onStop(): void {
      if (stop) breakOff(stop.message, stop.code, "client-gone");
      answer.destroy();
    }

    /** While the client does not read, it is not upstream that is silent. */
    function onSilence(): void {
      if (answer.isPaused()) return void idle.refresh();
      breakOff(silenceText(idleMs));
      answer.destroy();
    }

    function onClientGone(): void {
      conclude("client-gone");
      answer.destroy();
    }

    function conclude(kind: Relayed["kind"]): void {
      if (isOver) return;
      isOver = true;
      clearTimeout(idle);
      // What is heard of both from here on means nothing; the connection alone outlives them.
      socket.off("close", onClientGone);
      stay?.();
      resolve({ kind, finalEvent: events.final, asksForTool: events.asksForTool, sentBytes });
    }

    client.on("drain", onDrain);
    socket.on("close", onClientGone);
    const stay = stop?.onStop(onStop);
    if (isEventStream) {
      unread = [...held];
      flush();
    } else pass(held);
    // What is complete ends in this turn of the event loop, and leaves whole.
    if (!answer.complete) release();
    if (socket.destroyed) return onClientGone();
    if (answer.readableEnded) return onEnd();
    if (answer.destroyed) return onCut();
    answer.on("data", onData).on("end", onEnd).on("close", onCut).on("error", onCut);
    if (isFull()) answer.pause();
    else answer.resume();
  });
}

/** What is said of upstream when it leaves an answer in the middle. */
export function silenceText(idleMs: number): string {
  return `OpenAI said nothing for ${idleMs / 1000} s in the middle of the answer.`;
}

export const endedEarly = "OpenAI's answer ended early.";
