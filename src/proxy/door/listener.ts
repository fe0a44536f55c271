import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { proxyAnswer, type ProxyAnswer } from "../answers/refusals.ts";
import type { RotationProxyOptions, RotationStatus } from "../options.ts";
import type { RotationParts } from "../parts.ts";
import { serve } from "../serve-request.ts";
import {
  notServed,
  replyRaw,
  serveSocket,
  termsOf,
  type Upgrade,
  upgradeRefusal,
} from "../socket/web-socket.ts";
import { answerWhatIsBroken, serverOptions } from "./broken-request.ts";
import { reply } from "./exchange.ts";
import {
  findHealthRefusal,
  findStatusRefusal,
  type Gate,
  keyBytes,
  type Refusal,
  refusalAnswer,
  refusalOf,
  shownPath,
} from "./guard.ts";
import { readExchange, type ReadingOptions } from "./request.ts";
import { ignoreOffer } from "./other-protocol.ts";
import { readTarget, type RouteName, type Target } from "./routes.ts";

interface Door {
  readonly gate: Gate;
  readonly reading: ReadingOptions;
  readonly status: () => RotationStatus;
  readonly connections: Connections;
}

/** The HTTP side: lets requests in or refuses them, and sees to it that each one ends. */
export function makeServer(
  parts: RotationParts,
  { key, transformBody, webSocket = "refuse" }: RotationProxyOptions,
  status: () => RotationStatus,
): Server {
  const { limits } = parts;
  const isKnownToken = (token: string) => parts.pool.tokens.has(token, parts.now());
  const gate: Gate = {
    keyBytes: keyBytes(key),
    guess: keyBytes(""),
    isKnownToken,
    bodyBytes: limits.bodyBytes,
  };
  const reading: ReadingOptions = { limits, budget: { heldBytes: 0 }, transformBody };
  const door: Door = { gate, reading, status, connections: new Connections(limits.connections) };
  const server = createServer(
    {
      keepAliveTimeout: 75_000,
      // A long answer is no fault; a slow request is.
      requestTimeout: Math.max(limits.clientRequestMs, limits.clientHeadersMs),
      headersTimeout: limits.clientHeadersMs,
      connectionsCheckingInterval: Math.min(1000, limits.clientHeadersMs / 2),
      ...serverOptions,
    },
    (request, response) => void handle(parts, door, request, response),
  );
  answerWhatIsBroken(server);
  // Requests that were sent ahead on one connection each listen to its end.
  server.on("connection", (socket) => door.connections.add(socket.setMaxListeners(0)));
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (!ignoreOffer(server, request, socket, head))
      void upgrade(parts, door, webSocket, { request, socket, head });
  });
  return server;
}

async function handle(
  parts: RotationParts,
  door: Door,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.once("error", () => undefined);
  try {
    await answer(parts, door, request, response);
  } catch (error) {
    parts.counters.problem = error;
    reply(response, proxyAnswer({ kind: "failed-before-forwarding" }, { isCodex: false, nowMs: 0 }));
    if (!response.writableEnded) response.destroy();
  }
}

async function answer(
  parts: RotationParts,
  { gate, status, reading, connections }: Door,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const target = readTarget(request.url ?? "");
  const { route } = target;
  const exchange = { request, target, gate };
  if (route === "health") return replyAbout(response, findHealthRefusal(exchange), healthy);
  if (route === "status") return replyAbout(response, findStatusRefusal(exchange), status);
  const looking = refusalOf(parts, exchange);
  const refusal = looking instanceof Promise ? await looking : looking;
  if (refusal !== null) {
    if (refusal.status === 404) parts.counters.refuse(request.method ?? "", shownPath(exchange));
    return refuseWith(request, response, refusal);
  }
  connections.letIn(request.socket);
  if (route === null) return;
  parts.counters.inFlight += 1;
  try {
    await answerServed(parts, reading, { request, response, target: { ...target, route } });
  } finally {
    parts.counters.inFlight -= 1;
  }
}

interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: Target & { readonly route: RouteName };
}

async function answerServed(
  parts: RotationParts,
  options: ReadingOptions,
  { request, response, target }: Visit,
): Promise<void> {
  const reading = await readExchange(request, response, target, options);
  if (reading.kind === "gone") return void response.destroy();
  if (reading.kind === "refused") return refuseWith(request, response, reading.answer);
  try {
    await serve(parts, reading.exchange);
  } finally {
    reading.exchange.body?.release();
  }
}

const healthy = () => ({ status: "ok" });

function replyAbout(response: ServerResponse, refusal: Refusal | null, tell: () => object): void {
  if (refusal !== null) return reply(response, refusalAnswer(refusal));
  const headers = { "content-type": "application/json" };
  reply(response, { status: 200, headers, body: JSON.stringify(tell()) });
}

const discardMs = 5000;

/** The rest of the body is read and forgotten for a moment, because a client reads no answer while it still sends. */
function refuseWith(request: IncomingMessage, response: ServerResponse, refusal: ProxyAnswer) {
  // Who was not let in keeps no connection.
  if (refusal.status === 401) response.shouldKeepAlive = false;
  reply(response, refusal);
  if (request.complete) return;
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), discardMs);
  request.once("close", () => clearTimeout(timer));
}

async function upgrade(
  parts: RotationParts,
  { gate, connections }: Door,
  mode: NonNullable<RotationProxyOptions["webSocket"]>,
  wanted: Upgrade & { readonly socket: Socket },
): Promise<void> {
  const { socket } = wanted;
  socket.on("error", () => socket.destroy());
  const refusal = await upgradeRefusal(parts, wanted, gate);
  if (socket.destroyed) return;
  if (refusal !== null || mode === "refuse") return replyRaw(socket, refusal ?? notServed());
  connections.letIn(socket);
  parts.counters.inFlight += 1;
  parts.sockets.add(socket);
  try {
    // The server's own timers are for requests.
    socket.setTimeout(0).setNoDelay(true);
    await serveSocket(parts, wanted, termsOf(wanted, gate));
  } catch (error) {
    parts.counters.problem = error;
    socket.destroy();
  } finally {
    parts.sockets.delete(socket);
    parts.counters.inFlight -= 1;
  }
}

/** Connections of clients, so many at most: room for a new one is made by the oldest that was never let in. */
class Connections {
  readonly #all = new Set<Socket>();
  /** Those that have not shown yet who they are. */
  readonly #strangers = new Set<Socket>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(socket: Socket): void {
    this.#all.add(socket);
    this.#strangers.add(socket);
    socket.once("close", () => {
      this.#all.delete(socket);
      this.#strangers.delete(socket);
    });
    if (this.#all.size <= this.#most) return;
    const [oldest = socket] = this.#strangers;
    this.#all.delete(oldest);
    this.#strangers.delete(oldest);
    oldest.destroy();
  }

  letIn(socket: Socket): void {
    this.#strangers.delete(socket);
  }
}
