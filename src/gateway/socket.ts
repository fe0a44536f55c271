import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ProxyAnswer } from "../proxy/answers/refusals.ts";
import type { Stop } from "../proxy/answers/relay.ts";
import { requestFacts } from "../proxy/door/request-facts.ts";
import { notServed, replyRaw, serveSocket, type Upgrade } from "../proxy/socket/web-socket.ts";
import type { Admission, SocketPass } from "../proxy/message-admission.ts";
import { isRecord, parseJson, textField } from "../text/json.ts";
import { adminRefusal, forbidden } from "./answers/infer.ts";
import {
  accountsOf,
  codeOf,
  deadAnswer,
  forbiddenAnswer,
  publicHeaders,
  quotaEvent,
} from "./answers/pass.ts";
import { modelProblem, plainRequest } from "./answers/wish.ts";
import { book, type Booking, denied } from "./booking.ts";
import { type DoorOptions, isFromWebPage, isKnownHost } from "./door/door.ts";
import { queryOf, secretOf } from "./door/http-exchange.ts";
import { keyDetail, type Refusal, refuse } from "./door/refusal.ts";
import { readGatewayRoute } from "./door/routes.ts";
import type { ClientKey } from "./keys/client-keys.ts";
import { budgetEvent, limitHeaders, standings } from "./limits/limit-headers.ts";
import { isCounted } from "./limits/ticket.ts";
import type { GatewayParts } from "./parts.ts";

/** A WebSocket of a client with a key: every `response.create` in it is a request of its own, with a ticket of its own. */
export async function answerUpgrade(
  parts: GatewayParts,
  options: DoorOptions,
  upgrade: Upgrade & { readonly socket: Socket },
): Promise<void> {
  const { request, socket } = upgrade;
  socket.on("error", () => socket.destroy());
  const { isCodex } = requestFacts(request.headers, {});
  const deny = (refusal: Refusal) => {
    // Codex asks seven times after any other answer; over HTTP it is told why, in a form that it shows.
    if (isCodex) return replyRaw(socket, notServed());
    replyRaw(socket, refuse(refusal, { isCodex: false, nowMs: parts.now() }));
  };
  if (isFromWebPage(request) || !isKnownHost(request, options)) return deny({ kind: "not-found" });
  const reading = await parts.keys.find(secretOf(request));
  if (socket.destroyed) return;
  if (reading.kind === "unsure") return deny({ kind: "database-away" });
  if (reading.kind === "closed") return deny({ kind: "invalid-key", why: reading.why });
  const route = readGatewayRoute("POST", request.url ?? "");
  if (route?.kind === "not-served") return deny({ kind: "not-implemented", what: route.what });
  if (route?.kind !== "responses") return deny({ kind: "not-found" });
  if (!isHandshake(request)) return deny(noHandshake);
  const { key } = reading;
  if (key.role === "admin") return deny(adminRefusal);
  const { sockets } = parts.rotation;
  const headers = await handshakeHeaders(parts, key);
  sockets.add(socket);
  let end: () => void = () => socket.destroy();
  const stay = parts.ofKeys.add(key.id, () => end());
  const onStop = (work: () => void) => {
    end = work;
    return stay;
  };
  try {
    socket.setTimeout(0).setNoDelay(true);
    const facts = requestFacts(request.headers, {}, key.id);
    const { conversation } = facts;
    await parts.homes?.recall(conversation);
    await serveSocket(parts.rotation, upgrade, {
      facts,
      query: queryOf(request),
      // Each message is asked for by itself.
      isLetIn: () => true,
      pass: socketPass(parts, request, {
        key,
        headers,
        isCodex,
        isDraining: options.isDraining,
        conversation,
        onStop,
      }),
    });
  } finally {
    stay();
    sockets.delete(socket);
  }
}

/** An account that is shown another one refuses it, and is then asked nothing for a moment. */
function isHandshake({ headers }: IncomingMessage): boolean {
  const key = headers["sec-websocket-key"] ?? "";
  return headers["sec-websocket-version"] === "13" && /^[A-Za-z0-9+/]{22}==$/.test(key);
}

const noHandshake: Refusal = {
  kind: "bad-request",
  issue: {
    path: [],
    message: "This is no handshake of a WebSocket: it needs version 13 and a Sec-WebSocket-Key.",
  },
};

interface Holder {
  readonly key: ClientKey;
  readonly isCodex: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly isDraining: () => boolean;
  readonly conversation: string | null;
  readonly onStop: Stop["onStop"];
}

function socketPass(parts: GatewayParts, request: IncomingMessage, holder: Holder): SocketPass {
  const { key, isCodex, headers, onStop } = holder;
  return {
    stop: { onStop, ...keyDetail("revoked") },
    client: key.name,
    accounts: accountsOf(key),
    refuse: (dead) => deadAnswer(dead, { isCodex, nowMs: parts.now() }),
    headers: (received) => [...publicHeaders(received), ...Object.entries(headers).flat()],
    hiddenType: quotaEvent,
    admit: (message) => admit(parts, request, holder, message),
  };
}

async function admit(
  parts: GatewayParts,
  request: IncomingMessage,
  { key: before, isCodex, isDraining, conversation }: Holder,
  message: string,
): Promise<Admission> {
  const refused = (refusal: Refusal): Admission => ({
    kind: "refused",
    answer: refuse(refusal, { isCodex, nowMs: parts.now() }),
  });
  // It may have been revoked, or changed, since the connection was made.
  const reading = await parts.keys.find(secretOf(request));
  if (reading.kind === "unsure") return refused({ kind: "database-away" });
  if (reading.kind === "closed") return refused({ kind: "invalid-key", why: reading.why });
  const { key } = reading;
  const isOther = String(key.policy.accounts) !== String(before.policy.accounts);
  if (isOther || isDraining()) return { kind: "closed" };
  const value = parseJson(message);
  if (!isRecord(value)) {
    const text = "A message must be a JSON object.";
    return refused({ kind: "bad-request", issue: { path: [], message: text } });
  }
  if (value["type"] !== "response.create") {
    // What asks a model is counted, and no other message is known to ask.
    return "model" in value || "input" in value
      ? refused({ kind: "bad-request", issue: unknownQuestion })
      : { kind: "admitted", text: JSON.stringify(value), turn: null };
  }
  const { type, ...body } = value;
  const asked = body["model"];
  const problem = modelProblem(asked);
  if (problem !== null || typeof asked !== "string") return refused(problem ?? { kind: "not-found" });
  const sent = isCodex ? body : await plainRequest(parts, body);
  const model = textField(sent, "model") ?? asked;
  const bytes = Buffer.byteLength(message);
  const tier = textField(body, "service_tier");
  const isWarmUp = body["generate"] === false;
  const asking = { key, isCodex, route: "socket", model, asked, bytes, tier, isWarmUp };
  const refusal = forbidden(key, { model, asked });
  if (refusal) {
    const answer = denied(parts, asking, refuse(refusal, { isCodex, nowMs: parts.now() }));
    return { kind: "refused", answer };
  }
  const booked = await book(parts, asking);
  if (!("ticket" in booked)) return { kind: "refused", answer: booked };
  const leave = parts.running.add(booked);
  return {
    kind: "admitted",
    // Written anew: a field that stands twice has one meaning only.
    text: JSON.stringify({ type, ...sent }),
    turn: {
      refuseModel: (told) => {
        const forbidden = forbiddenAnswer(key, model, told);
        return forbidden && refuse(forbidden, { isCodex, nowMs: parts.now() });
      },
      preface: isCodex ? budgetOf(parts, booked) : [],
      noteFirst: booked.noteFirst,
      end: (served, refusal) => {
        leave();
        parts.homes?.note(conversation, served.accountId);
        void booked.end(served, outcomeOf(served.relayed, refusal));
      },
    },
  };
}

const unknownQuestion = {
  path: ["type"],
  message: "A model is asked with a message of the type response.create.",
};

function outcomeOf(relayed: object | null, refusal: ProxyAnswer | null) {
  if (refusal) return { status: refusal.status, code: codeOf(refusal) };
  return { status: relayed === null ? 499 : 200, code: null };
}

/** For its status line, over a WebSocket Codex reads limits from an event only. */
function budgetOf({ now }: GatewayParts, { ticket: { key, state } }: Booking): readonly object[] {
  const event = isCounted(key) ? budgetEvent(standings(key.policy, state, now())) : null;
  return event === null ? [] : [event];
}

async function handshakeHeaders(parts: GatewayParts, key: ClientKey): Promise<Record<string, string>> {
  if (!isCounted(key)) return {};
  const state = await parts.books.read(key.id).catch(() => null);
  return state ? limitHeaders(standings(key.policy, state, parts.now()), parts.now()) : {};
}
