import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { proxyAnswer } from "../errors/proxy-answer.ts";
import { readExchange } from "./client-request.ts";
import type { ReadingOptions } from "./client-request.ts";
import { reply } from "./exchange.ts";
import { findHealthRefusal, findRefusal, keyBytes } from "./guard.ts";
import type { Gate, Refusal } from "./guard.ts";
import type { RotationProxyOptions } from "./options.ts";
import { readTarget } from "./routes.ts";
import { serve } from "./rotation.ts";
import type { RotationParts } from "./rotation.ts";
import { notServed, replyRaw, serveSocket, upgradeRefusal } from "./web-socket.ts";
import type { Upgrade } from "./web-socket.ts";

/** The HTTP side: lets requests in or refuses them, and sees to it that each one ends. */
export function makeServer(
  parts: RotationParts,
  { key, transformBody, webSocket = "refuse" }: RotationProxyOptions,
): Server {
  const { limits } = parts;
  const gate: Gate = { keyBytes: keyBytes(key), bodyBytes: limits.bodyBytes };
  const reading: ReadingOptions = { limits, budget: { heldBytes: 0 }, transformBody };
  const server = createServer(
    {
      keepAliveTimeout: 75_000,
      // A long answer is no fault; slow headers are, and a slow body has a timer of its own.
      requestTimeout: 0,
      headersTimeout: limits.clientHeadersMs,
      connectionsCheckingInterval: limits.clientHeadersMs / 2,
      maxHeaderSize: 64 * 1024,
      noDelay: true,
    },
    (request, response) => void handle(parts, gate, reading, request, response),
  );
  server.on("clientError", refuseBrokenRequest);
  // Requests that were sent ahead on one connection each listen to its end.
  server.on("connection", (socket) => void socket.setMaxListeners(0));
  server.on(
    "upgrade",
    (request: IncomingMessage, socket: Socket, head: Buffer) =>
      void upgrade(parts, gate, webSocket, { request, socket, head }),
  );
  return server;
}

async function handle(
  parts: RotationParts,
  gate: Gate,
  options: ReadingOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { counters } = parts;
  counters.inFlight += 1;
  response.once("error", () => undefined);
  try {
    await answer(parts, gate, options, request, response);
  } catch (error) {
    parts.counters.problem = error;
    reply(response, proxyAnswer({ kind: "failed-before-forwarding" }, { isCodex: false, nowMs: 0 }));
    if (!response.writableEnded) response.destroy();
  } finally {
    counters.inFlight -= 1;
  }
}

async function answer(
  parts: RotationParts,
  gate: Gate,
  options: ReadingOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const target = readTarget(request.url ?? "");
  const { route } = target;
  if (route === "health") return replyHealth(response, findHealthRefusal({ request, target, gate }));
  const refusal = findRefusal({ request, target, gate });
  if (refusal !== null) return refuse(request, response, refusal);
  if (route === null) return;
  const reading = await readExchange(request, response, { ...target, route }, options);
  if (reading.kind === "gone") return void response.destroy();
  if (reading.kind === "refused") return refuseWith(request, response, reading.answer);
  try {
    await serve(parts, reading.exchange);
  } finally {
    reading.exchange.body?.release();
  }
}

function replyHealth(response: ServerResponse, refusal: Refusal | null): void {
  if (refusal !== null) return reply(response, refusalAnswer(refusal));
  reply(response, { status: 200, headers: { "content-type": "application/json" }, body: '{"status":"ok"}' });
}

function refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  refuseWith(request, response, refusalAnswer(refusal));
}

const discardMs = 5000;

/** The rest of the body is read and forgotten for a moment, because a client reads no answer while it still sends. */
function refuseWith(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: ReturnType<typeof refusalAnswer>,
) {
  reply(response, refusal);
  if (request.complete) return;
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), discardMs);
  request.once("close", () => clearTimeout(timer));
}

function refusalAnswer(refusal: Refusal) {
  return proxyAnswer({ kind: refusal }, { isCodex: false, nowMs: 0 });
}

const brokenStatuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  const status = brokenStatuses[error.code ?? ""] ?? "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

async function upgrade(
  parts: RotationParts,
  gate: Gate,
  mode: NonNullable<RotationProxyOptions["webSocket"]>,
  wanted: Upgrade & { readonly socket: Socket },
): Promise<void> {
  const { socket } = wanted;
  socket.on("error", () => socket.destroy());
  const refusal = upgradeRefusal(wanted, gate);
  if (refusal !== null || mode === "refuse") return replyRaw(socket, refusal ?? notServed());
  parts.counters.inFlight += 1;
  parts.sockets.add(socket);
  try {
    // The server's own timers are for requests.
    socket.setTimeout(0).setNoDelay(true);
    await serveSocket(parts, wanted);
  } catch (error) {
    parts.counters.problem = error;
    socket.destroy();
  } finally {
    parts.sockets.delete(socket);
    parts.counters.inFlight -= 1;
  }
}
