import type { IncomingMessage, ServerResponse } from "node:http";
import { formatSse, responseFailedEvent } from "../errors/stream-failure.ts";
import { WholeEvents } from "./whole-events.ts";

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
}

/**
 * Passes an answer on, no faster than the client reads it. A stream of events goes out in whole events, so that after
 * a cut, or when upstream says nothing more, the client finds no torn one but a well-formed `response.failed`.
 */
export function relay(
  answer: IncomingMessage,
  client: ServerResponse,
  { held, isEventStream, idleMs }: RelayOptions,
): Promise<Relayed> {
  // While an earlier request of the same connection is answered, a response has no socket of its own.
  const { socket } = client.req;
  return new Promise((resolve) => {
    const events = new WholeEvents();
    let unread: Buffer[] = [];
    let isOver = false;
    let sentBytes = 0;
    const idle = setTimeout(onSilence, idleMs);

    function pass(pieces: readonly Buffer[]): void {
      client.cork();
      let isRead = true;
      for (const piece of pieces) {
        isRead = client.write(piece);
        sentBytes += piece.length;
      }
      client.uncork();
      if (!isRead) answer.pause();
    }

    /** Events come in many small pieces; those of one packet leave together again. */
    function onData(chunk: Buffer): void {
      idle.refresh();
      if (!isEventStream) return pass([chunk]);
      if (unread.push(chunk) === 1) queueMicrotask(flush);
    }

    function flush(): void {
      const pieces = unread;
      unread = [];
      if (!isOver && pieces.length > 0) pass(events.take(pieces));
    }

    const onDrain = () => answer.resume();

    function onEnd(): void {
      if (!answer.complete) return onCut();
      flush();
      pass(events.end());
      client.end();
      conclude("whole");
    }

    const onCut = () => breakOff("The connection to OpenAI was lost in the middle of the answer.");

    function breakOff(message: string): void {
      flush();
      const end = formatSse(responseFailedEvent({ code: "upstream_error", message }));
      if (!isEventStream) client.destroy();
      else if (events.final === null) client.end(`${events.isTorn ? "\n\n" : ""}${end}`);
      else client.end();
      conclude("cut");
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
      answer.off("data", onData).off("end", onEnd).off("close", onCut).off("error", onCut);
      answer.on("error", () => undefined);
      client.off("drain", onDrain);
      socket.off("close", onClientGone);
      resolve({ kind, finalEvent: events.final, asksForTool: events.asksForTool, sentBytes });
    }

    client.on("drain", onDrain);
    socket.on("close", onClientGone);
    for (const chunk of held) onData(chunk);
    flush();
    if (socket.destroyed) return onClientGone();
    if (answer.readableEnded) return onEnd();
    if (answer.destroyed) return onCut();
    answer.on("data", onData).on("end", onEnd).on("close", onCut).on("error", onCut);
    if (client.writableNeedDrain) answer.pause();
    else answer.resume();
  });
}

/** What is said of upstream when it leaves an answer in the middle. */
export function silenceText(idleMs: number): string {
  return `OpenAI said nothing for ${idleMs / 1000} s in the middle of the answer.`;
}
