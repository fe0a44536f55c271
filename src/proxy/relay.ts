import type { IncomingMessage, ServerResponse } from "node:http";
import { formatSse, responseFailedEvent } from "../errors/stream-failure.ts";
import { endsAnEvent, lastBoundary } from "./sse-events.ts";

export interface Relayed {
  /** `whole`: upstream ended it; `cut`: the connection to upstream was lost; `client-gone`: the client left first. */
  readonly kind: "whole" | "cut" | "client-gone";
  /** The last whole events that were passed on; empty for what is no stream of events. */
  readonly lastEvents: Buffer;
}

/** An event longer than this is passed on in pieces. */
const longestEvent = 8 * 1024 * 1024;
const nothing = Buffer.alloc(0);

/**
 * Passes an answer on, no faster than the client reads it. A stream of events goes out in whole events, so that after
 * a cut the client finds no torn one but a well-formed `response.failed`.
 */
export function relay(
  answer: IncomingMessage,
  client: ServerResponse,
  held: readonly Buffer[],
  isEventStream: boolean,
): Promise<Relayed> {
  return new Promise((resolve) => {
    let partial: Buffer[] = [];
    let partialBytes = 0;
    let lastEvents: Buffer = nothing;
    let isOver = false;

    function pass(chunk: Buffer): void {
      if (client.write(chunk)) return;
      answer.pause();
    }

    function onData(chunk: Buffer): void {
      if (!isEventStream) return pass(chunk);
      const before = partial.at(-1) ?? nothing;
      partial.push(chunk);
      partialBytes += chunk.length;
      if (partialBytes <= longestEvent && !endsAnEvent(before, chunk)) return;
      const joined = partial.length === 1 ? chunk : Buffer.concat(partial);
      const end = lastBoundary(joined) || joined.length;
      const rest = joined.subarray(end);
      partial = rest.length === 0 ? [] : [rest];
      partialBytes = rest.length;
      lastEvents = joined.subarray(0, end);
      pass(lastEvents);
    }

    const onDrain = () => answer.resume();

    function onEnd(): void {
      if (!answer.complete) return onCut();
      if (partialBytes > 0) {
        lastEvents = Buffer.concat(partial);
        client.write(lastEvents);
      }
      client.end();
      conclude("whole");
    }

    function onCut(): void {
      if (isOver) return;
      if (isEventStream) client.end(formatSse(cutEvent));
      else client.destroy();
      conclude("cut");
    }

    function onClientGone(): void {
      conclude("client-gone");
      answer.destroy();
    }

    function conclude(kind: Relayed["kind"]): void {
      if (isOver) return;
      isOver = true;
      answer.off("data", onData).off("end", onEnd).off("close", onCut).off("error", onCut);
      client.off("drain", onDrain).off("close", onClientGone);
      resolve({ kind, lastEvents });
    }

    client.on("drain", onDrain).on("close", onClientGone);
    for (const chunk of held) onData(chunk);
    if (client.destroyed) return onClientGone();
    if (answer.readableEnded) return onEnd();
    if (answer.destroyed) return onCut();
    answer.on("data", onData).on("end", onEnd).on("close", onCut).on("error", onCut);
    if (client.writableNeedDrain) answer.pause();
    else answer.resume();
  });
}

const cutEvent = responseFailedEvent({
  code: "upstream_error",
  message: "The connection to OpenAI was lost in the middle of the answer.",
});
