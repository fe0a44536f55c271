import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { proxyAnswer } from "../errors/proxy-answer.ts";
import type { ProxyAnswer } from "../errors/proxy-answer.ts";
import { refusalAnswer, refusalOf } from "./admission.ts";
import { findRefusal } from "./guard.ts";
import type { Gate } from "./guard.ts";
import { returnedHeaders } from "./headers.ts";
import { requestFacts } from "./request-facts.ts";
import type { RotationParts } from "./parts.ts";
import { readTarget } from "./routes.ts";
import { SocketSession } from "./socket-session.ts";
import { connectNext } from "./upgrade.ts";
import { Visit } from "./visit.ts";

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Null: the upgrade may be served. A Codex whose login is not known is told so over HTTP. */
export async function upgradeRefusal(
  parts: RotationParts,
  { request }: Upgrade,
  gate: Gate,
): Promise<ProxyAnswer | null> {
  const target = readTarget(request.url ?? "");
  const refusal = await refusalOf(parts, { request, target, gate });
  if (refusal !== null) return refusal.status === 400 ? notServed() : refusal;
  return target.route === "responses" ? null : refusalAnswer("not-found");
}

/** Codex asks once, and after 426 goes on over HTTP without a word. */
export function notServed(): ProxyAnswer {
  return proxyAnswer({ kind: "websocket-not-served" }, { isCodex: true, nowMs: 0 });
}

export function replyRaw(socket: Duplex, { status, body }: ProxyAnswer): void {
  const head = `HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}

/**
 * Serves a WebSocket until it closes. Where no account can be connected the answer is 426: over HTTP Codex is then told
 * why, in the form that it understands.
 */
export async function serveSocket(
  parts: RotationParts,
  { request, socket, head }: Upgrade,
  gate: Gate,
): Promise<void> {
  const facts = requestFacts(request.headers, null);
  const target = readTarget(request.url ?? "");
  const { query } = target;
  const isLetIn = () => findRefusal({ request, target, gate }) === null;
  const lists = { triedIds: new Set<string>(), failures: new Map() };
  const visit = new Visit({ ...parts, conversation: facts.conversation, isTurn: false });
  const early = readEarly(socket, head);
  const connected = await connectNext(parts, { request, facts, query, client: socket, visit, ...lists });
  visit.end("kind" in connected ? "answer" : "failed", parts.now());
  const sent = early();
  if ("kind" in connected && socket.destroyed) return void connected.socket.destroy();
  if (!("kind" in connected)) return replyRaw(socket, notServed());
  socket.write(switchingHead(connected.response));
  await new SocketSession(parts, { request, client: socket, facts, query, connected, isLetIn }).run(sent);
}

const mostEarly = 64 * 1024;

/**
 * Reads while upstream is asked, because a connection that nobody reads does not tell that the client has left.
 * Returns what stops that and gives the bytes that came.
 */
function readEarly(socket: Duplex, head: Buffer): () => Buffer {
  const pieces = [head];
  let size = 0;
  const onData = (piece: Buffer) => {
    pieces.push(piece);
    size += piece.length;
    if (size > mostEarly) socket.pause();
  };
  const leave = () => void socket.destroy();
  socket.on("data", onData).once("end", leave);
  return () => {
    socket.off("data", onData).off("end", leave).pause();
    return Buffer.concat(pieces);
  };
}

/** The client's own key went to upstream, so upstream's answer to it is right for the client. */
function switchingHead({ rawHeaders }: IncomingMessage): string {
  const lines = ["HTTP/1.1 101 Switching Protocols", "connection: Upgrade", "upgrade: websocket"];
  const headers = returnedHeaders(rawHeaders, false);
  for (let at = 0; at + 1 < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}
