import type { IncomingMessage, ServerResponse } from "node:http";
import type { GatewayParts } from "../parts.ts";
import { type GatewayAnswer, type Refusal, refuse } from "./refusal.ts";

/** One request, and where its answer goes. */
export interface HttpExchange {
  readonly parts: GatewayParts;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly isCodex: boolean;
}

export function deny(exchange: HttpExchange, refusal: Refusal): void {
  give(exchange, refuse(refusal, { isCodex: exchange.isCodex, nowMs: exchange.parts.now() }));
}

const discardMs = 5_000;

/** The rest of the body is read and forgotten for a moment, because a client reads no answer while it still sends. */
export function give(
  { request, response }: Pick<HttpExchange, "request" | "response">,
  { status, headers, body }: Pick<GatewayAnswer, "status" | "headers" | "body">,
): void {
  if (response.destroyed || response.headersSent) return;
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, "content-length": String(bytes.length) }).end(bytes);
  if (request.complete) return;
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), discardMs);
  request.once("close", () => clearTimeout(timer));
}

export function json(
  response: ServerResponse,
  status: number,
  document: object,
  extra: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(`${JSON.stringify(document)}\n`);
  const headers = { "content-type": "application/json", "content-length": String(bytes.length), ...extra };
  response.writeHead(status, headers).end(bytes);
}

/** From a header, never from the path: paths stand in the logs of every balancer. */
export function secretOf(request: IncomingMessage): string | null {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  return bearer ?? textHeader(request, "x-api-key");
}

export function textHeader({ headers }: IncomingMessage, name: string): string | null {
  const value = headers[name];
  return typeof value === "string" ? value : null;
}

/** With its question mark; empty where there is none. */
export function queryOf({ url = "" }: IncomingMessage): string {
  const mark = url.indexOf("?");
  return mark < 0 ? "" : url.slice(mark);
}
