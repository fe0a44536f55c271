import type { IncomingMessage } from "node:http";
import type { FailureClassification } from "../errors/classify.ts";
import { parseErrorEnvelope } from "../errors/envelope.ts";
import { reply } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import { returnedHeaders } from "./headers.ts";

/** What upstream refused with, read and kept as it came. */
export interface Refusal {
  readonly response: IncomingMessage;
  readonly held: readonly Buffer[];
  readonly isEventStream: boolean;
  readonly failure: FailureClassification;
}

/** Shows a refusal as it came. Clients other than Codex know only the error envelope, and are given one. */
export function showRefusal(exchange: Exchange, refusal: Refusal): void {
  const { response: client, facts, wantsDocument } = exchange;
  const { response, held, isEventStream, failure } = refusal;
  if (client.destroyed || client.headersSent) return;
  const bytes = Buffer.concat(held);
  const received = returnedHeaders(response.rawHeaders, true);
  const headers = exchange.pass ? exchange.pass.headers(received) : received;
  const isReadable = isEventStream ? !wantsDocument : parseErrorEnvelope(bytes.toString()) !== undefined;
  if (!facts.isCodex && !isReadable) return replyEnvelope(exchange, failure, headers);
  client.sendDate = response.headers.date === undefined;
  headers.push("content-length", String(bytes.length));
  client.writeHead(response.statusCode ?? 502, response.statusMessage ?? "", headers);
  client.end(bytes);
}

/** Ids of the request stay; what is said about the old body goes. */
function replyEnvelope(exchange: Exchange, { status, envelope }: FailureClassification, headers: string[]) {
  const kept: Record<string, string> = { "content-type": "application/json" };
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]?.toLowerCase() ?? "";
    if (name.startsWith("x-") || name.endsWith("request-id") || name === "cf-ray")
      kept[name] = headers[at + 1] ?? "";
  }
  reply(exchange.response, { status, headers: kept, body: JSON.stringify(envelope) });
}
