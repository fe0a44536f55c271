import { allowsModel } from "../budget/policy.ts";
import type { Settlement } from "../budget/usage-state.ts";
import type { Exchange, Pass } from "../proxy/exchange.ts";
import { requestFacts } from "../proxy/request-facts.ts";
import { serve, type Served } from "../proxy/rotation.ts";
import { randomHex } from "../store/hash.ts";
import type { ClientKey } from "./client-keys.ts";
import { readGatewayBody } from "./gateway-body.ts";
import { limitHeaders, standings } from "./limit-headers.ts";
import type { GatewayParts } from "./parts.ts";
import { passOf } from "./pass.ts";
import { refuse, type GatewayAnswer, type Refusal } from "./refusal.ts";
import { isCounted, openTicket, takenBy, type Ticket } from "./ticket.ts";
import { wishOf, type Visit, type Wish } from "./wish.ts";

/** Checks, books, asks, answers and settles. Resolves to the refusal when the request was not let through. */
export async function infer(parts: GatewayParts, visit: Visit): Promise<GatewayAnswer | "answered" | "gone"> {
  const { key, request, isCodex } = visit;
  const say = (refusal: Refusal) => refuse(refusal, { isCodex, nowMs: parts.now() });
  const read = await readGatewayBody(request, parts.budget, parts.rotation.limits);
  if (read.kind !== "read") {
    if (read.kind === "gone") return "gone";
    if (read.kind === "too-large") return tooLarge();
    return say({
      kind: "bad-request",
      issue: { path: [], message: "The request body must be a JSON object." },
    });
  }
  try {
    const wish = await wishOf(parts, visit, read);
    if ("refusal" in wish) return say(wish.refusal);
    const refusal = forbidden(key, wish.model);
    if (refusal) return say(refusal);
    return await admitted(parts, visit, wish);
  } finally {
    read.body.release();
  }
}

function forbidden({ role, policy }: ClientKey, model: string): Refusal | null {
  if (role === "admin") {
    const message = "An admin key manages the gateway and cannot ask models. Use a client key.";
    return { kind: "insufficient-permissions", message };
  }
  return allowsModel(policy, model) ? null : { kind: "model-not-allowed", model };
}

async function admitted(parts: GatewayParts, visit: Visit, wish: Wish): Promise<GatewayAnswer | "answered"> {
  const { key, isCodex, route } = visit;
  const id = `tk_${randomHex(10)}`;
  const startedMs = parts.now();
  const { model, bytes, tier } = wish;
  const asked = { id, key, model, bytes, tier, replica: parts.replica.id };
  const opened = await openTicket(parts.books, asked).catch(() => null);
  if (opened === null) {
    // Nobody knows whether it was written, so it is taken back when the database can be reached again.
    parts.journal.keep({ keyId: key.id, ticketId: id, settlement: { kind: "released" } });
    return refuse({ kind: "database-away" }, { isCodex, nowMs: parts.now() });
  }
  if (opened.kind === "refused") {
    const answer = refuse({ kind: "over-limit", refusal: opened.refusal }, { isCodex, nowMs: parts.now() });
    return withLimits(parts, key, answer);
  }
  const { ticket } = opened;
  let served: Served | null = null;
  let dead: GatewayAnswer | null = null;
  try {
    const pass = passOf(parts, visit, ticket, wish, (answer) => (dead = answer));
    served = await serve(parts.rotation, exchangeOf(visit, wish, pass));
  } finally {
    const taken = takenBy(ticket, served);
    await settled(parts, ticket, taken.settlement);
    const status = visit.response.statusCode;
    parts.log.note({
      atMs: startedMs,
      keyId: key.id,
      accountId: served?.accountId ?? null,
      model,
      route,
      status: visit.response.headersSent ? status : 499,
      code: (dead as GatewayAnswer | null)?.code ?? null,
      tokens: taken.tokens,
      cost: taken.cost,
      firstMs: null,
      totalMs: Math.max(0, Math.round(parts.now() - startedMs)),
      attempts: served?.attempts ?? 0,
    });
  }
  return "answered";
}

/** Exactly once, and never lost: what the database cannot take is kept on this machine's disk. */
async function settled({ books, journal }: GatewayParts, ticket: Ticket, settlement: Settlement) {
  if (!isCounted(ticket.key)) return;
  try {
    await books.settle(ticket.key.id, ticket.id, settlement);
  } catch {
    journal.keep({ keyId: ticket.key.id, ticketId: ticket.id, settlement });
  }
}

function exchangeOf({ request, response, route, query, key }: Visit, wish: Wish, pass: Pass): Exchange {
  const facts = requestFacts(request.headers, wish.body);
  const { conversation } = facts;
  return {
    request,
    response,
    route: route === "chat" ? "responses" : route,
    query,
    body: wish.body,
    // Two keys that name their conversations alike share nothing.
    facts: {
      ...facts,
      model: wish.model,
      conversation: conversation === null ? null : `${key.id}/${conversation}`,
    },
    wantsDocument: wish.wantsDocument,
    pass,
  };
}

function withLimits(parts: GatewayParts, key: ClientKey, answer: GatewayAnswer): GatewayAnswer {
  const state = parts.books.lastKnown(key.id);
  if (state === null) return answer;
  const extra = limitHeaders(standings(key.policy, state, parts.now()), parts.now());
  return { ...answer, headers: { ...answer.headers, ...extra } };
}

function tooLarge(): GatewayAnswer {
  const message = "The request body is larger than 64 MiB.";
  const body = JSON.stringify({
    error: { message, type: "invalid_request_error", code: "invalid_request_error" },
  });
  return {
    status: 413,
    headers: { "content-type": "application/json" },
    body,
    code: "invalid_request_error",
  };
}
