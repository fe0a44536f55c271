import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { methodOf } from "./routes.ts";
import type { RouteName, Target } from "./routes.ts";

export type Refusal = "unauthorized" | "not-found" | "payload-too-large";

export interface Gate {
  /** The client key, as `keyBytes` gives it. */
  readonly keyBytes: Buffer;
  /** Whether an account of the pool has, or had, this access token. */
  readonly isKnownToken: (token: string) => boolean;
  readonly bodyBytes: number;
}

export interface Knock {
  readonly request: IncomingMessage;
  readonly target: Target;
  readonly gate: Gate;
}

type Check = (knock: Knock) => Refusal | null;

// Who is not let in learns nothing about the paths. The order is part of the defence.
const checks: readonly Check[] = [peer, host, origin, key, path, method, size];

/** The first reason to refuse a request before its body is read; null when there is none. */
export function findRefusal(knock: Knock): Refusal | null {
  for (const check of checks) {
    const refusal = check(knock);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** The path that was asked for, as it may be shown: without a key, a query, or anything odd. */
export function shownPath({ request, gate }: Knock): string {
  const [path = ""] = (request.url ?? "").split("?");
  const segments = path.split("/").map((each, at) => (isKey(each, gate) ? (at === 1 ? null : "…") : each));
  const shown = segments.filter((each) => each !== null).join("/");
  return /^[\w./~…-]{1,100}$/.test(shown) ? shown : "…";
}

/** What the proxy tells about itself is for who has the key, and not for a Codex. */
export function findStatusRefusal(knock: Knock): Refusal | null {
  if (!isFromThisMachine(knock) || !isKey(knock.target.key, knock.gate)) return "unauthorized";
  return isRead(knock) ? null : "not-found";
}

/** The access token or API key of its own login, which Codex shows with every request. */
export function shownToken({ headers }: IncomingMessage): string | null {
  return bearerToken(headers.authorization) ?? null;
}

/** No other machine, and no web page that this machine shows. */
export function isFromThisMachine(knock: Knock): boolean {
  return (peer(knock) ?? host(knock) ?? origin(knock)) === null;
}

/** `/health` tells nothing, so it needs no key; a web page gets no answer all the same. */
export function findHealthRefusal(knock: Knock): Refusal | null {
  return peer(knock) ?? host(knock) ?? origin(knock) ?? (isRead(knock) ? null : "not-found");
}

/** As many characters as a key may have. */
const keyLength = 256;

/** A key in a form of one length, so that the comparison takes the same time for every guess. */
export function keyBytes(key: string): Buffer {
  const bytes = Buffer.alloc(keyLength);
  bytes.write(key, "latin1");
  return bytes;
}

/** True for an address of this machine as a socket names it. */
function isLoopbackAddress(address: string | undefined): boolean {
  return address !== undefined && /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^::1$/.test(address);
}

function peer({ request }: Knock): Refusal | null {
  return isLoopbackAddress(request.socket.remoteAddress) ? null : "unauthorized";
}

/** A page whose name was pointed at this machine still says its own name here. */
function host({ request }: Knock): Refusal | null {
  const name = request.headers.host ?? "";
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i.test(name) ? null : "unauthorized";
}

/** Only browsers send it. */
function origin({ request: { headers } }: Knock): Refusal | null {
  return headers.origin === undefined && headers["sec-fetch-site"] === undefined ? null : "unauthorized";
}

function key({ request, target, gate }: Knock): Refusal | null {
  const given = [target.key, bearerToken(request.headers.authorization), request.headers["x-api-key"]];
  if (given.some((each) => isKey(each, gate))) return null;
  return gate.isKnownToken(bearerToken(request.headers.authorization) ?? "") ? null : "unauthorized";
}

function isKey(given: string | string[] | null | undefined, { keyBytes: wanted }: Gate): boolean {
  if (typeof given !== "string" || given.length > keyLength) return false;
  return timingSafeEqual(keyBytes(given), wanted);
}

function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
}

function path({ target }: Knock): Refusal | null {
  return isServed(target.route) ? null : "not-found";
}

function isServed(route: Target["route"]): route is RouteName {
  return route !== null && route !== "health" && route !== "status";
}

function method({ request, target: { route } }: Knock): Refusal | null {
  if (!isServed(route)) return "not-found";
  return request.method === methodOf(route) || isUpgrade(request, route) ? null : "not-found";
}

function isUpgrade({ method, headers }: IncomingMessage, route: string): boolean {
  return route === "responses" && method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
}

function size({ request, gate }: Knock): Refusal | null {
  return Number(request.headers["content-length"] ?? 0) > gate.bodyBytes ? "payload-too-large" : null;
}

function isRead({ request: { method } }: Knock): boolean {
  return method === "GET" || method === "HEAD";
}
