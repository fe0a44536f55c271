import type { IncomingMessage, ServerResponse } from "node:http";
import { sha256 } from "../../machine/hash.ts";
import { isCodexClient } from "../../proxy/answers/refusals.ts";
import { poolAccounts } from "../admin/accounts.ts";
import { isForeignPage } from "../admin/sessions.ts";
import { adminRefusal, infer } from "../answers/infer.ts";
import { listModels } from "../answers/model-list.ts";
import { transcriptionRefusal } from "../answers/transcriptions.ts";
import { codexUsage, keyUsage, poolUsage } from "../answers/usage-answer.ts";
import type { ClientKey } from "../keys/client-keys.ts";
import { standings } from "../limits/limit-headers.ts";
import { answerPage, type PageRoute, readPageRoute } from "../pages/page-door.ts";
import type { GatewayParts } from "../parts.ts";
import { loadChecks } from "./checks.ts";
import { deny, give, type HttpExchange, json, queryOf, secretOf, textHeader } from "./http-exchange.ts";
import { type AdminRoute, type GatewayRoute, readGatewayRoute, readManagement } from "./routes.ts";

/** `publicUrl`: how other machines name this gateway. */
export interface DoorOptions {
  readonly publicUrl: URL | null;
  readonly isDraining: () => boolean;
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
  const exchange: HttpExchange = { parts, request, response, isCodex };
  const { method = "", url = "" } = request;
  const route = readGatewayRoute(method, url) ?? (await readManagement(method, url));
  // Balancers and Prometheus name a machine by its number.
  if (route?.kind === "live" || route?.kind === "ready") return health(exchange, route.kind, options);
  const isNamed = isKnownHost(request, options) || route?.kind === "metrics";
  if (!isNamed) return deny(exchange, { kind: "not-found" });
  if (route?.kind === "admin" || route?.kind === "session" || route?.kind === "metrics") {
    await loadChecks();
    const { answerAdmin } = await import("../admin/admin-door.ts");
    return await answerAdmin(exchange, route, isSecure(request, options));
  }
  const page = pageRouteOf(request);
  if (page !== null)
    return isForeignPage(request) ? deny(exchange, { kind: "not-found" }) : await answerPage(exchange, page);
  if (isFromWebPage(request)) return deny(exchange, { kind: "not-found" });
  const secret = secretOf(request);
  if (route?.kind === "codex-usage" && secret !== null && !secret.startsWith("sk-")) {
    const usage = poolUsage(parts.rotation, secret, parts.now());
    return usage === null
      ? deny(exchange, { kind: "invalid-key", why: "not-an-account" })
      : json(response, 200, usage);
  }
  if (secret !== null && isOwner(parts, secret))
    return route?.kind === "decisions"
      ? json(response, 200, lastDecisions(parts))
      : deny(exchange, { kind: "not-found" });
  const reading = await parts.keys.find(secret);
  if (reading.kind === "unsure") return deny(exchange, { kind: "database-away" });
  if (reading.kind === "closed") return deny(exchange, { kind: "invalid-key", why: reading.why });
  if (route === null || route.kind === "decisions") return deny(exchange, { kind: "not-found" });
  if (route.kind === "not-served") return deny(exchange, { kind: "not-implemented", what: route.what });
  await answerRoute(exchange, route, reading.key);
}

async function answerRoute(
  exchange: HttpExchange,
  route: Exclude<GatewayRoute, AdminRoute | { kind: "decisions" }>,
  key: ClientKey,
): Promise<void> {
  const { parts, request, response, isCodex } = exchange;
  const query = queryOf(request);
  switch (route.kind) {
    case "responses":
    case "compact":
    case "chat": {
      const visit = { request, response, key, isCodex, route: route.kind, query };
      const answer = await infer(parts, visit);
      if (answer === "gone") return void response.destroy();
      if (answer !== "answered") give(exchange, answer);
      return;
    }
    case "models":
    case "model":
      if (key.role === "admin") return deny(exchange, adminRefusal);
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
      return deny(exchange, await transcriptionRefusal(request));
    case "live":
    case "ready":
    case "not-served":
      return;
  }
}

async function standingsOf({ books, now }: GatewayParts, key: ClientKey) {
  return standings(key.policy, await books.read(key.id), now());
}

async function health(
  { parts, response }: HttpExchange,
  kind: "live" | "ready",
  { isDraining }: DoorOptions,
): Promise<void> {
  if (kind === "live") return json(response, 200, { status: "ok" });
  if (isDraining()) return json(response, 503, { status: "draining" });
  const isUp = await parts.database.query("select 1 as one").then(
    () => true,
    () => false,
  );
  // Keys without limits go on for a while, and a balancer that knew of no gateway any more would refuse them too.
  json(response, isUp || parts.keys.isInformed ? 200 : 503, { status: isUp ? "ok" : "database away" });
}

/** Only browsers ask for pages: programs are told about the key that they lack. */
function pageRouteOf({ method, url = "", headers }: IncomingMessage): PageRoute | null {
  const isBrowser = /\btext\/html\b/.test(headers.accept ?? "");
  const route = method === "GET" ? readPageRoute(url.split("?", 1)[0] ?? "") : null;
  return isBrowser || route?.kind === "asset" ? route : null;
}

/** Only browsers send these, and no page asks the gateway for models. */
export function isFromWebPage({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;
}

/** Other machines reach it by TLS, which ends before us. */
function isSecure({ headers }: IncomingMessage, { publicUrl }: DoorOptions): boolean {
  return publicUrl?.protocol === "https:" && publicUrl.host === (headers.host ?? "").toLowerCase();
}

/** A page whose name was pointed at this machine still says its own name here. */
export function isKnownHost({ headers }: IncomingMessage, { publicUrl }: DoorOptions): boolean {
  const host = (headers.host ?? "").toLowerCase();
  return host === publicUrl?.host || /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/.test(host);
}

/** Hashes are compared, so that the time that it takes tells nothing of the key; a client's key has another length, and costs none. */
function isOwner({ ownerKey }: GatewayParts, secret: string): boolean {
  return secret.length === ownerKey?.length && sha256(secret) === sha256(ownerKey);
}

/** Which account was to serve the last ten requests, and why; newest first. */
function lastDecisions({ rotation, now }: GatewayParts): object {
  const names = new Map(poolAccounts(rotation, now()).map(({ id, name }) => [id, name]));
  const decisions = rotation.counters.decisions().map((each) => {
    const { accountId } = each;
    return Object.assign(
      { accountName: accountId === null ? null : (names.get(accountId) ?? accountId) },
      each,
    );
  });
  return { decisions };
}
