import { allowsModel } from "../../budget/policy.ts";
import type { Exchange, Pass } from "../../proxy/door/exchange.ts";
import { serve, type Served } from "../../proxy/serve-request.ts";
import { type Asking, book, denied, withLimits } from "../booking.ts";
import { type GatewayAnswer, keyDetail, type Refusal, refuse } from "../door/refusal.ts";
import type { ClientKey } from "../keys/client-keys.ts";
import type { GatewayParts } from "../parts.ts";
import { passOf } from "./pass.ts";
import { readWish, type Visit, type Wish } from "./wish.ts";

/** Checks, books, asks, answers and settles. Resolves to the refusal when the request was not let through. */
export async function infer(parts: GatewayParts, visit: Visit): Promise<GatewayAnswer | "answered" | "gone"> {
  const { key, isCodex, route } = visit;
  const say = (refusal: Refusal) => withLimits(parts, key, refuse(refusal, { isCodex, nowMs: parts.now() }));
  const wish = await readWish(parts, visit);
  if (wish === "gone") return wish;
  if (wish === "too-large") return tooLarge();
  if ("refusal" in wish) return await say(wish.refusal);
  try {
    const { model, asked, bytes, tier } = wish;
    const refusal = forbidden(key, { model, asked });
    const asking = { key, isCodex, route, model, asked, bytes, tier };
    if (refusal) return denied(parts, asking, await say(refusal));
    return await admitted(parts, visit, wish, asking);
  } finally {
    wish.body.release();
  }
}

export const adminRefusal: Refusal = {
  kind: "insufficient-permissions",
  message: "An admin key manages the gateway and cannot ask models. Use a client key.",
};

/** Why the key may not ask this model, by the one name or the other; null when it may. */
export function forbidden(
  { role, policy }: ClientKey,
  { model, asked }: Pick<Wish, "model" | "asked">,
): Refusal | null {
  if (role === "admin") return adminRefusal;
  const isAllowed = allowsModel(policy, model) || allowsModel(policy, asked);
  return isAllowed ? null : { kind: "model-not-allowed", model: asked };
}

async function admitted(
  parts: GatewayParts,
  visit: Visit,
  wish: Wish,
  asking: Asking,
): Promise<GatewayAnswer | "answered"> {
  const { response } = visit;
  const booked = await book(parts, asking);
  if (!("ticket" in booked)) return booked;
  let served: Served | null = null;
  let deadCode: string | null = null;
  const { id } = visit.key;
  const stay = parts.ofKeys.add(id, () => {
    if (!response.headersSent) giveUp(parts, visit);
  });
  try {
    const pass = {
      ...passOf(parts, visit, wish, booked, (code) => (deadCode = code)),
      stop: { onStop: (work: () => void) => parts.ofKeys.add(id, work), ...keyDetail("revoked") },
    };
    const exchange = exchangeOf(visit, wish, pass);
    const { conversation } = exchange.facts;
    await parts.homes?.recall(conversation);
    served = await serve(parts.rotation, exchange);
    parts.homes?.note(conversation, served.accountId);
  } finally {
    stay();
    await booked.end(served, { status: response.headersSent ? response.statusCode : 499, code: deadCode });
  }
  return "answered";
}

/** The key was taken back before its answer began. */
function giveUp(parts: GatewayParts, { request, response, isCodex }: Visit): void {
  const refusal = refuse({ kind: "invalid-key", why: "revoked" }, { isCodex, nowMs: parts.now() });
  const bytes = Buffer.from(refusal.body);
  response.writeHead(refusal.status, {
    ...refusal.headers,
    "content-length": String(bytes.length),
    connection: "close",
  });
  response.end(bytes, () => request.socket.destroySoon());
}

function exchangeOf({ request, response, route, query }: Visit, wish: Wish, pass: Pass): Exchange {
  return {
    request,
    response,
    route: route === "chat" ? "responses" : route,
    query,
    body: wish.body,
    facts: wish.facts,
    wantsDocument: wish.wantsDocument,
    pass,
  };
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
