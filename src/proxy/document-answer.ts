import type { IncomingMessage } from "node:http";
import { field, isRecord, readList } from "../accounts/unknown-value.ts";
import { classifyFailure } from "../errors/classify.ts";
import { parseJson } from "../errors/json-value.ts";
import { parseSse } from "../errors/sse.ts";
import { finalEvent } from "./sse-events.ts";
import { isGone, onGone, reply } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import type { Relayed } from "./relay.ts";
import { asksForTool } from "./tool-call.ts";

const longestDocument = 64 * 1024 * 1024;

/** Answers a client that asked for one JSON document, from the stream that the Codex backend always gives. */
export async function replyDocument(
  exchange: Exchange,
  answer: IncomingMessage,
  held: readonly Buffer[],
): Promise<Relayed> {
  const stay = onGone(exchange, () => answer.destroy());
  const bytes = await readAll(answer, held);
  stay();
  if (isGone(exchange)) return { kind: "client-gone", finalEvent: null, asksForTool: false, sentBytes: 0 };
  const last = bytes === null ? null : finalEvent(bytes);
  const isComplete = bytes !== null && field(last, "type") === "response.completed";
  const [status, document] = isComplete ? [200, documentOf(last, bytes)] : failureOf(last);
  reply(exchange.response, { status, headers: jsonType, body: JSON.stringify(document) });
  const asks = bytes !== null && asksForTool(bytes);
  const sentBytes = bytes?.length ?? 0;
  return { kind: bytes === null ? "cut" : "whole", finalEvent: last, asksForTool: asks, sentBytes };
}

function failureOf(last: object | null): [status: number, envelope: object] {
  const event = last ?? new Error("The stream ended early.");
  const { status, envelope } = classifyFailure(event, 0, { stage: "stream" });
  return [status, envelope];
}

const jsonType = { "content-type": "application/json" };

/** The response of the last event; its output is taken from the events when the backend leaves it out there. */
function documentOf(last: object | null, bytes: Buffer): object {
  const response = field(last, "response");
  if (!isRecord(response)) return {};
  if (readList(field(response, "output")).length > 0) return response;
  const output = parseSse(bytes.toString("utf8"))
    .map(({ data }) => parseJson(data))
    .filter((event) => field(event, "type") === "response.output_item.done")
    .map((event) => field(event, "item"));
  return { ...response, output };
}

/** Null when the stream was cut or is too long. */
async function readAll(response: IncomingMessage, held: readonly Buffer[]): Promise<Buffer | null> {
  const chunks = [...held];
  let size = 0;
  try {
    for await (const chunk of response) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > longestDocument) return null;
      chunks.push(bytes);
    }
    return Buffer.concat(chunks);
  } catch {
    return null;
  }
}
