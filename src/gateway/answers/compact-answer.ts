import { longestDocument } from "../../proxy/answers/document.ts";
import { type Answering, passOn } from "../../proxy/door/exchange.ts";
import { field, isRecord, parseJson } from "../../text/json.ts";

/** Passes a compaction on as it comes. It is one document, not a stream, and what it took stands in it. */
export function compactAnswering(idleMs: number): Answering {
  return async (exchange, answer, held, isEventStream) => {
    const pieces = [...held];
    let size = 0;
    const keep = (piece: Buffer) => {
      size += piece.length;
      if (size <= longestDocument) pieces.push(piece);
    };
    if (!isEventStream) answer.on("data", keep);
    const relayed = await passOn(exchange, answer, { held, isEventStream, idleMs });
    answer.off("data", keep);
    return isEventStream || relayed.kind !== "whole"
      ? relayed
      : { ...relayed, finalEvent: endOf(Buffer.concat(pieces)) };
  };
}

/** The document as the event that would have ended a stream; null when it does not say what it took. */
function endOf(bytes: Buffer): object | null {
  const response = parseJson(bytes.toString("utf8"));
  return isRecord(field(response, "usage")) ? { type: "response.completed", response } : null;
}
