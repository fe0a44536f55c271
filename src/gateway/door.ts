import type { IncomingMessage, ServerResponse } from "node:http";
import { isCodexClient } from "../errors/proxy-answer.ts";
import type { ClientKey } from "./client-keys.ts";
import { readGatewayBody } from "./gateway-body.ts";
import { readGatewayRoute, type GatewayRoute } from "./gateway-routes.ts";
import { infer } from "./infer.ts";
import { standings } from "./limit-headers.ts";
import { documentProblem, manage, type ManagementRequest } from "./management.ts";
import { listModels } from "./model-list.ts";
import type { GatewayParts } from "./parts.ts";
import { poolUsage } from "./pool-usage.ts";
import { refuse, type GatewayAnswer, type Refusal } from "./refusal.ts";
import { transcriptionRefusal } from "./transcriptions.ts";
import { codexUsage, keyUsage } from "./usage-answer.ts";

/** Names of this gateway in a Host header, beside those of this machine. */
export interface DoorOptions {
  readonly publicHosts: ReadonlySet<string>;
  readonly isDraining: () => boolean;
}

interface Knock {
  readonly parts: GatewayParts;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly isCodex: boolean;
}

/** Answers one request. Who shows no key learns nothing about the paths. */
export async function answerRequest(
  parts: GatewayParts,
  options: DoorOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const isCodex = isCodexClient({
    "user-agent": request.headers["user-agent"],
    originator: textHeader(request, "originator") ?? "",
  });
  const knock: Knock = { parts, request, response, isCodex };
  const route = readGatewayRoute(request.method ?? "", request.url ?? "");
  if (isFromWebPage(request) || !isKnownHost(request, options)) return deny(knock, { kind: "not-found" });
  if (route?.kind === "live" || route?.kind === "ready") return health(knock, route.kind, options);
  const secret = secretOf(request);
  if (route?.kind === "codex-usage" && secret !== null && !secret.startsWith("sk-")) {
    const usage = poolUsage(parts.rotation, secret, parts.now());
    return usage === null
      ? deny(knock, { kind: "invalid-key", why: "not-an-account" })
      : json(response, 200, usage);
  }
  const reading = await parts.keys.find(secret);
  if (reading.kind === "unsure") return deny(knock, { kind: "database-away" });
  if (reading.kind === "closed") return deny(knock, { kind: "invalid-key", why: reading.why });
  if (route === null) return deny(knock, { kind: "not-found" });
  if (route.kind === "not-served") return deny(knock, { kind: "not-implemented", what: route.what });
  await answerRoute(knock, route, reading.key);
}

async function answerRoute(knock: Knock, route: GatewayRoute, key: ClientKey): Promise<void> {
  const { parts, request, response, isCodex } = knock;
  const query = queryOf(request);
  switch (route.kind) {
    case "responses":
    case "compact":
    case "chat": {
      const visit = { request, response, key, isCodex, route: route.kind, query };
      const answer = await infer(parts, visit);
      if (answer === "gone") return void response.destroy();
      if (answer !== "answered") give(knock, answer);
      return;
    }
    case "models":
    case "model":
      if (key.role === "admin") return deny(knock, adminRefusal);
      return await listModels(
        parts,
        { request, response, key, isCodex, query },
        "id" in route ? route.id : null,
      );
    case "usage":
      return json(response, 200, await keyUsage(parts.database, key, await standingsOf(parts, key)));
    case "codex-usage":
      return json(response, 200, codexUsage(await standingsOf(parts, key), parts.now()));
    case "transcriptions":
      return deny(knock, await transcriptionRefusal(request));
    case "keys":
    case "key":
    case "rotate":
      return await manageKeys(knock, route as ManagementRequest["route"], key);
    case "live":
    case "ready":
    case "not-served":
      return;
  }
}

const adminRefusal: Refusal = {
  kind: "insufficient-permissions",
  message: "An admin key manages the gateway and cannot ask models. Use a client key.",
};

async function manageKeys(knock: Knock, route: ManagementRequest["route"], key: ClientKey): Promise<void> {
  const { parts, request, response } = knock;
  const method = request.method ?? "";
  let body: ManagementRequest["body"] = null;
  if (method === "POST" || method === "PATCH") {
    const read = await readGatewayBody(request, parts.budget, parts.rotation.limits);
    if (read.kind === "read") {
      body = read.value;
      read.body.release();
    } else if (route.kind !== "rotate") {
      const message = "The request body must be a JSON object.";
      return deny(knock, { kind: "bad-request", issue: { path: [], message } });
    }
  }
  const problem = documentProblem({ route, method, body });
  if (problem) return deny(knock, problem);
  if (key.role !== "admin") {
    return deny(knock, { kind: "insufficient-permissions", message: "Only an admin key manages keys." });
  }
  const managed = await manage(parts.database, { route, method, body, admin: key });
  if (managed.kind === "refused") return deny(knock, managed.refusal);
  await parts.keys.refresh();
  if (managed.document === null) return void response.writeHead(managed.status).end();
  json(response, managed.status, managed.document);
}

async function standingsOf({ books, now }: GatewayParts, key: ClientKey) {
  return standings(key.policy, await books.read(key.id), now());
}

async function health(
  { parts, response }: Knock,
  kind: "live" | "ready",
  { isDraining }: DoorOptions,
): Promise<void> {
  if (kind === "live") return json(response, 200, { status: "ok" });
  if (isDraining()) return json(response, 503, { status: "draining" });
  const isUp = await parts.database.query("select 1 as one").then(
    () => true,
    () => false,
  );
  json(response, isUp ? 200 : 503, { status: isUp ? "ok" : "database away" });
}

function deny(knock: Knock, refusal: Refusal): void {
  give(knock, refuse(refusal, { isCodex: knock.isCodex, nowMs: knock.parts.now() }));
}

const discardMs = 5_000;

/** The rest of the body is read and forgotten for a moment, because a client reads no answer while it still sends. */
export function give(
  { request, response }: Pick<Knock, "request" | "response">,
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

function json(response: ServerResponse, status: number, document: object): void {
  const bytes = Buffer.from(`${JSON.stringify(document)}\n`);
  const headers = { "content-type": "application/json", "content-length": String(bytes.length) };
  response.writeHead(status, headers).end(bytes);
}

/** From a header, never from the path: paths stand in the logs of every balancer. */
function secretOf(request: IncomingMessage): string | null {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  return bearer ?? textHeader(request, "x-api-key");
}

function textHeader({ headers }: IncomingMessage, name: string): string | null {
  const value = headers[name];
  return typeof value === "string" ? value : null;
}

function queryOf({ url = "" }: IncomingMessage): string {
  const mark = url.indexOf("?");
  return mark < 0 ? "" : url.slice(mark);
}

/** Only browsers send these, and no page asks the gateway for models. */
function isFromWebPage({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;
}

/** A page whose name was pointed at this machine still says its own name here. */
function isKnownHost({ headers }: IncomingMessage, { publicHosts }: DoorOptions): boolean {
  const host = (headers.host ?? "").toLowerCase();
  return publicHosts.has(host) || /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/.test(host);
}
