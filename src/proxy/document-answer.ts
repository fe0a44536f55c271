import type { IncomingMessage } from "node:http";
import { field, isRecord, readList } from "../accounts/unknown-value.ts";
import { classifyFailure } from "../errors/classify.ts";
import { parseJson } from "../errors/json-value.ts";
import { parseSse } from "../errors/sse.ts";
import { finalEvent } from "./sse-events.ts";
import { reply } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";

const longestDocument = 64 * 1024 * 1024;

/**
 * Answers a client that asked for one JSON document, from the stream that the Codex backend always gives. Resolves to
 * the stream's bytes, for the books.
 */
export async function replyDocument(
  exchange: Exchange,
  response: IncomingMessage,
  held: readonly Buffer[],
): Promise<Buffer> {
  const bytes = await readAll(response, held);
  const last = bytes === null ? null : finalEvent(bytes);
  if (bytes === null || last === null || field(last, "type") !== "response.completed") {
    const { status, envelope } = classifyFailure(last ?? new Error("The stream ended early."), 0, {
      stage: "stream",
    });
    reply(exchange.response, { status, headers: jsonType, body: JSON.stringify(envelope) });
  } else {
    reply(exchange.response, {
      status: 200,
      headers: jsonType,
      body: JSON.stringify(documentOf(last, bytes)),
    });
  }
  return bytes ?? Buffer.alloc(0);
}

const jsonType = { "content-type": "application/json" };

/** The response of the last event; its output is taken from the events when the backend leaves it out there. */
function documentOf(last: object, bytes: Buffer): object {
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
