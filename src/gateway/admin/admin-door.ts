import { objectIn, readGatewayBody } from "../door/body.ts";
import { deny, give, json, type HttpExchange, queryOf, secretOf } from "../door/http-exchange.ts";
import type { Refusal } from "../door/refusal.ts";
import type { AdminRoute } from "../door/routes.ts";
import type { Actor } from "./audit.ts";
import {
  closeSession,
  findSession,
  guessWaitMs,
  isForeignPage,
  isOwnForm,
  noteGuess,
  openSession,
  type Session,
  sessionCookie,
  setCookie,
  useLink,
} from "./sessions.ts";
import { metricsText, metricsType } from "./metrics-text.ts";
import { type Asked, refusalOf } from "./operation.ts";

/** Who asks to manage: somebody who may, somebody with a key that may not, or nobody. */
type Visitor =
  | { readonly kind: "admin"; readonly actor: Actor; readonly session: Session | null }
  | { readonly kind: "client" }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** Management: for admin keys, and for people who are signed in on the page. */
export async function answerAdmin(
  exchange: HttpExchange,
  route: AdminRoute,
  isSecure: boolean,
): Promise<void> {
  const { request, response, parts } = exchange;
  if (isForeignPage(request)) return deny(exchange, { kind: "not-found" });
  if (route.kind === "session" && request.method === "POST") return await signIn(exchange, isSecure);
  const visitor = await visitorOf(exchange);
  if (visitor.kind === "refused") return deny(exchange, visitor.refusal);
  if (route.kind === "admin") return await operate(exchange, route, visitor);
  if (visitor.kind === "client") return deny(exchange, onlyAdmins);
  if (route.kind === "metrics") {
    const headers = { "content-type": metricsType };
    return give(exchange, { status: 200, headers, body: await metricsText(parts) });
  }
  if (request.method === "GET") return json(response, 200, sessionDocument(visitor));
  const token = sessionCookie(request);
  if (token !== null) await closeSession(parts.database, token);
  const gone = setCookie(request, "", { seconds: 0, isSecure });
  response.writeHead(204, { "set-cookie": gone }).end();
}

const onlyAdmins: Refusal = {
  kind: "insufficient-permissions",
  message: "Only an admin key manages the gateway.",
};

async function operate(
  exchange: HttpExchange,
  route: Extract<AdminRoute, { kind: "admin" }>,
  visitor: Exclude<Visitor, { kind: "refused" }>,
): Promise<void> {
  const { parts, request, response } = exchange;
  const { operation } = route;
  const query = Object.fromEntries(new URLSearchParams(queryOf(request)));
  const body = operation.body === null ? null : await bodyOf(exchange);
  if (operation.body !== null && body === null) return deny(exchange, noObject);
  const asked: Asked = { id: route.id, query, body };
  try {
    const run = operation.prepare(asked);
    if (visitor.kind === "client") return deny(exchange, onlyAdmins);
    const document = await run({ parts, actor: visitor.actor });
    if (request.method !== "GET") await parts.keys.refresh();
    if (document === null) return void response.writeHead(operation.status).end();
    json(response, operation.status, document, { "cache-control": "no-store" });
  } catch (error) {
    const refusal = refusalOf(error, asked);
    if (refusal === null) throw error;
    deny(exchange, refusal);
  }
}

const noObject: Refusal = {
  kind: "bad-request",
  issue: { path: [], message: "The request body must be a JSON object." },
};

async function bodyOf({ parts, request }: HttpExchange): Promise<Readonly<Record<string, unknown>> | null> {
  const read = await readGatewayBody(request, parts.budget, parts.rotation.limits);
  if (read.kind !== "read") return null;
  read.body.release();
  const value = objectIn(read);
  return value === "too-deep" ? null : value;
}

async function visitorOf(exchange: HttpExchange): Promise<Visitor> {
  const { parts, request } = exchange;
  const secret = secretOf(request);
  if (secret !== null) return await keyVisitor(exchange, secret);
  const token = sessionCookie(request);
  if (token === null) return refused({ kind: "invalid-key", why: "missing" });
  if (request.method !== "GET" && !isOwnForm(request)) return refused({ kind: "not-found" });
  const session = await findSession(parts.database, token).catch(() => "away" as const);
  if (session === "away") return refused({ kind: "database-away" });
  if (session === null) return refused({ kind: "invalid-key", why: "missing" });
  return { kind: "admin", actor: session.actor, session };
}

/** A key that this process does not know is looked up only while its sender has not guessed too often. */
async function keyVisitor(exchange: HttpExchange, secret: string): Promise<Visitor> {
  const { parts, request } = exchange;
  const address = request.socket.remoteAddress ?? "";
  if (!parts.keys.knows(secret)) {
    const waitMs = await guessWaitMs(parts.database, address).catch(() => 0);
    if (waitMs > 0) return refused(tooManyGuesses(waitMs, parts.now()));
  }
  const reading = await parts.keys.find(secret);
  if (reading.kind === "unsure") return refused({ kind: "database-away" });
  if (reading.kind === "closed") {
    await noteGuess(parts.database, address).catch(() => undefined);
    return refused({ kind: "invalid-key", why: reading.why });
  }
  const { id, role } = reading.key;
  return role === "admin" ? { kind: "admin", actor: id, session: null } : { kind: "client" };
}

function refused(refusal: Refusal): Visitor {
  return { kind: "refused", refusal };
}

function tooManyGuesses(waitMs: number, nowMs: number): Refusal {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const message = `Too many wrong keys from this address. Try again in ${seconds} second${seconds === 1 ? "" : "s"}.`;
  return { kind: "rate-limited", message, resetsAtMs: nowMs + waitMs, planType: null };
}

/** With the link of `gateway open`, which works once, or with an admin key. */
async function signIn(exchange: HttpExchange, isSecure: boolean): Promise<void> {
  const { parts, request, response } = exchange;
  const { database } = parts;
  const isJson = /^application\/json\b/.test(request.headers["content-type"] ?? "");
  const body = isJson ? await bodyOf(exchange) : null;
  if (body === null) return deny(exchange, noObject);
  const { key, link, ...others } = body;
  const [extra] = Object.keys(others);
  if (extra !== undefined) return deny(exchange, unknownName(extra));
  if ((key === undefined) === (link === undefined)) {
    const message = "Missing required parameter: 'key', or 'link'.";
    return deny(exchange, { kind: "bad-request", issue: { path: ["key"], message } });
  }
  let actor: Actor = "owner";
  if (link !== undefined) {
    if (typeof link !== "string") return deny(exchange, invalid("link", "It must be text."));
    if (!(await useLink(database, link))) return deny(exchange, { kind: "invalid-key", why: "link" });
  } else {
    if (typeof key !== "string") return deny(exchange, invalid("key", "It must be text."));
    const visitor = await keyVisitor(exchange, key);
    if (visitor.kind === "refused") return deny(exchange, visitor.refusal);
    if (visitor.kind === "client") return deny(exchange, onlyAdmins);
    actor = visitor.actor;
  }
  const { token, session } = await openSession(database, actor, request.socket.remoteAddress ?? "");
  const seconds = Math.floor((session.expiresMs - database.now()) / 1000);
  const cookie = setCookie(request, token, { seconds, isSecure });
  json(response, 201, sessionDocument({ kind: "admin", actor, session }), { "set-cookie": cookie });
}

function unknownName(name: string): Refusal {
  return { kind: "bad-request", issue: { path: [name], message: `Unknown parameter: '${name}'.` } };
}

function invalid(name: string, message: string): Refusal {
  return { kind: "invalid", issue: { path: [name], message } };
}

function sessionDocument(visitor: Extract<Visitor, { kind: "admin" }>): object {
  const { actor, session } = visitor;
  return {
    actor,
    role: "admin",
    expiresAt: session === null ? null : new Date(session.expiresMs).toISOString(),
  };
}
