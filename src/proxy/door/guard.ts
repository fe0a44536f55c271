import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isCodexClient, proxyAnswer, type ProxyAnswer } from "../answers/refusals.ts";
import type { RotationParts } from "../parts.ts";
import { methodOf, type RouteName, type Target } from "./routes.ts";

export type Refusal = "unauthorized" | "not-found" | "payload-too-large";

export interface Gate {
  /** The client key, as `keyBytes` gives it. */
  readonly keyBytes: Buffer;
  /** Room for the key that a request shows. */
  readonly guess?: Buffer;
  /** Whether an account of the pool has, or had, this access token. */
  readonly isKnownToken: (token: string) => boolean;
  readonly bodyBytes: number;
}

interface Arrival {
  readonly request: IncomingMessage;
  readonly target: Target;
  readonly gate: Gate;
}

type Check = (arrival: Arrival) => Refusal | null;

// Who is not let in learns nothing about the paths. The order is part of the defence.
const checks: readonly Check[] = [peer, host, origin, key, path, method, size];

/** The first reason to refuse a request before its body is read; null when there is none. */
export function findRefusal(arrival: Arrival): Refusal | null {
  for (const check of checks) {
    const refusal = check(arrival);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** The path that was asked for, as it may be shown: without a key, a query, or anything odd. */
export function shownPath({ request, gate }: Arrival): string {
  const [path = ""] = (request.url ?? "").split("?");
  const segments = path.split("/").map((each, at) => (isKey(each, gate) ? (at === 1 ? null : "…") : each));
  const shown = segments.filter((each) => each !== null).join("/");
  return /^[\w./~…-]{1,100}$/.test(shown) ? shown : "…";
}

/** What the proxy tells about itself is for who has the key, and not for a Codex. */
export function findStatusRefusal(arrival: Arrival): Refusal | null {
  if (!isFromThisMachine(arrival) || !isKey(arrival.target.key, arrival.gate)) return "unauthorized";
  return isRead(arrival) ? null : "not-found";
}

/** The access token or API key of its own login, which Codex shows with every request. */
function shownToken({ headers }: IncomingMessage): string | null {
  return bearerToken(headers.authorization) ?? null;
}

/** No other machine, and no web page that this machine shows. */
function isFromThisMachine(arrival: Arrival): boolean {
  return (peer(arrival) ?? host(arrival) ?? origin(arrival)) === null;
}

/** `/health` tells nothing, so it needs no key; a web page gets no answer all the same. */
export function findHealthRefusal(arrival: Arrival): Refusal | null {
  return peer(arrival) ?? host(arrival) ?? origin(arrival) ?? (isRead(arrival) ? null : "not-found");
}

/** As many characters as a key may have. */
const keyLength = 256;

/** A key in a form of one length, so that the comparison takes the same time for every guess. */
export function keyBytes(key: string, bytes: Buffer = Buffer.alloc(keyLength)): Buffer {
  bytes.fill(0).write(key, "latin1");
  return bytes;
}

/** True for an address of this machine as a socket names it. */
function isLoopbackAddress(address: string | undefined): boolean {
  return address !== undefined && /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^::1$/.test(address);
}

function peer({ request }: Arrival): Refusal | null {
  return isLoopbackAddress(request.socket.remoteAddress) ? null : "unauthorized";
}

/** A page whose name was pointed at this machine still says its own name here. */
function host({ request }: Arrival): Refusal | null {
  const name = request.headers.host ?? "";
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i.test(name) ? null : "unauthorized";
}

/** Only browsers send it. */
function origin({ request: { headers } }: Arrival): Refusal | null {
  return headers.origin === undefined && headers["sec-fetch-site"] === undefined ? null : "unauthorized";
}

function key({ request, target, gate }: Arrival): Refusal | null {
  // Where Codex has it.
  if (isKey(target.key, gate)) return null;
  const given = [bearerToken(request.headers.authorization), request.headers["x-api-key"]];
  if (given.some((each) => isKey(each, gate))) return null;
  return gate.isKnownToken(bearerToken(request.headers.authorization) ?? "") ? null : "unauthorized";
}

function isKey(given: string | string[] | null | undefined, { keyBytes: wanted, guess }: Gate): boolean {
  if (typeof given !== "string" || given.length > keyLength) return false;
  return timingSafeEqual(keyBytes(given, guess), wanted);
}

function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
}

function path({ target }: Arrival): Refusal | null {
  return isServed(target.route) ? null : "not-found";
}

function isServed(route: Target["route"]): route is RouteName {
  return route !== null && route !== "health" && route !== "status";
}

function method({ request, target: { route } }: Arrival): Refusal | null {
  if (!isServed(route)) return "not-found";
  return request.method === methodOf(route) || isUpgrade(request, route) ? null : "not-found";
}

function isUpgrade({ method, headers }: IncomingMessage, route: string): boolean {
  return route === "responses" && method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
}

function size({ request, gate }: Arrival): Refusal | null {
  return Number(request.headers["content-length"] ?? 0) > gate.bodyBytes ? "payload-too-large" : null;
}

function isRead({ request: { method } }: Arrival): boolean {
  return method === "GET" || method === "HEAD";
}

const strangerText =
  "The rotation proxy does not know the login of this Codex, or its token has ended. Start Codex anew. If it has a CODEX_HOME of its own, take its login in: codex auth import. An API key is not let in: use a ChatGPT login of the pool.";

/** The answer to a request that is not let in, before its body is read; null for one that is. */
export function refusalOf(
  parts: Pick<RotationParts, "pool" | "now">,
  arrival: Arrival,
): ProxyAnswer | null | Promise<ProxyAnswer | null> {
  // Who shows our key is known without the pool.
  const isIn = arrival.target.key !== null && findRefusal(arrival) === null;
  return isIn ? null : lookedUp(parts, arrival);
}

async function lookedUp(
  { pool, now }: Pick<RotationParts, "pool" | "now">,
  arrival: Arrival,
): Promise<ProxyAnswer | null> {
  // Whose token it is may just have been removed.
  if (arrival.target.key === null) await pool.settled();
  const first = findRefusal(arrival);
  if (first !== "unauthorized" || !isCodexOfAnotherLogin(arrival)) return answerTo(first);
  // It may have renewed its token a moment ago.
  await pool.reloadSeldom(now());
  const second = findRefusal(arrival);
  if (second !== "unauthorized") return answerTo(second);
  // After a 401 Codex would renew the user's own login six times.
  return proxyAnswer({ kind: "no-account", message: strangerText }, { isCodex: true, nowMs: 0 });
}

function isCodexOfAnotherLogin(arrival: Arrival): boolean {
  const { request, target } = arrival;
  const isOnPath = target.key === null && target.route !== null;
  return (
    isOnPath && isFromThisMachine(arrival) && isCodexClient(request.headers) && shownToken(request) !== null
  );
}

function answerTo(refusal: Refusal | null): ProxyAnswer | null {
  return refusal === null ? null : refusalAnswer(refusal);
}

export function refusalAnswer(refusal: Refusal): ProxyAnswer {
  return proxyAnswer({ kind: refusal }, { isCodex: false, nowMs: 0 });
}
