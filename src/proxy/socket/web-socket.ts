import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { FailureClassification } from "../../errors/classify.ts";
import { deadPool } from "../answers/no-account-answer.ts";
import { proxyAnswer, type ProxyAnswer } from "../answers/refusals.ts";
import { findRefusal, type Gate, refusalAnswer, refusalOf } from "../door/guard.ts";
import { requestFacts } from "../door/request-facts.ts";
import { Visit } from "../door/request.ts";
import { readTarget } from "../door/routes.ts";
import { returnedHeaders } from "../openai/headers.ts";
import type { RotationParts } from "../parts.ts";
import { type SessionStart, SocketSession } from "./session.ts";
import { connectNext } from "./upgrade.ts";

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

export function replyRaw(socket: Duplex, { status, headers, body }: ProxyAnswer): void {
  const told = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} Refused\r\nconnection: close\r\n${told.join("")}content-length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}

/** Who has come, and what it may do. */
export interface SocketTerms extends Pick<SessionStart, "facts" | "query" | "isLetIn" | "pass"> {}

/** Of a client of the rotation proxy. */
export function termsOf({ request }: Upgrade, gate: Gate): SocketTerms {
  const target = readTarget(request.url ?? "");
  const isLetIn = () => findRefusal({ request, target, gate }) === null;
  return { facts: requestFacts(request.headers, {}), query: target.query, isLetIn, pass: null };
}

/**
 * Serves a WebSocket until it closes. Where no account can be connected the answer is 426: over HTTP Codex is then told
 * why, in the form that it understands.
 */
export async function serveSocket(
  parts: RotationParts,
  { request, socket, head }: Upgrade,
  terms: SocketTerms,
): Promise<void> {
  const { facts, query, pass } = terms;
  const lists = { triedIds: new Set<string>(), failures: new Map<string, FailureClassification>() };
  const visit = new Visit({ ...parts, conversation: facts.conversation, isTurn: false });
  const early = readEarly(socket, head);
  const allowed = pass?.accounts ?? null;
  const connecting = { request, facts, query, client: socket, visit, allowed, ...lists };
  const connected = await connectNext(parts, connecting);
  visit.end("kind" in connected ? "answer" : "failed", parts.now());
  const sent = early();
  if ("kind" in connected && socket.destroyed) return void connected.socket.destroy();
  if (!("kind" in connected)) {
    const dead = { choice: connected, failures: lists.failures, facts };
    return replyRaw(socket, pass && !facts.isCodex ? pass.refuse(deadPool(parts, dead)) : notServed());
  }
  socket.write(switchingHead(connected.response, pass));
  await new SocketSession(parts, { request, client: socket, connected, ...terms }).run(sent);
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
function switchingHead({ rawHeaders }: IncomingMessage, pass: SocketTerms["pass"]): string {
  const lines = ["HTTP/1.1 101 Switching Protocols", "connection: Upgrade", "upgrade: websocket"];
  const received = returnedHeaders(rawHeaders, false);
  const headers = pass ? pass.headers(received) : received;
  for (let at = 0; at + 1 < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}
