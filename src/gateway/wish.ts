import type { IncomingMessage, ServerResponse } from "node:http";
import { readChatRequest } from "../chat/request.ts";
import { field, textField } from "../errors/json-value.ts";
import { replaceBody } from "../proxy/body.ts";
import type { Answering, Exchange } from "../proxy/exchange.ts";
import { chatAnswering } from "./chat-exchange.ts";
import type { ClientKey } from "./client-keys.ts";
import type { ReadBody } from "./gateway-body.ts";
import type { GatewayParts } from "./parts.ts";
import type { Refusal } from "./refusal.ts";

/** One request of a client with a key, for a model. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly key: ClientKey;
  readonly isCodex: boolean;
  readonly route: InferenceRoute;
  readonly query: string;
}

type InferenceRoute = "responses" | "compact" | "chat";

/** What is asked of upstream, and how the answer comes back. */
export interface Wish {
  readonly model: string;
  readonly tier: string | undefined;
  readonly bytes: number;
  readonly body: Exchange["body"];
  readonly wantsDocument: boolean;
  readonly answering: Answering | null;
}

/** Reads what is wanted; of `/v1/responses` only model and stream, because upstream knows its own requests best. */
export async function wishOf(
  parts: GatewayParts,
  visit: Visit,
  read: ReadBody,
): Promise<Wish | { readonly refusal: Refusal }> {
  const { value, body, bytes } = read;
  const tier = textField(value, "service_tier");
  if (visit.route === "chat") {
    const chat = readChatRequest(value);
    if (chat.kind !== "ready") {
      return { refusal: { kind: chat.kind === "missing" ? "bad-request" : "invalid", issue: chat.issue } };
    }
    const sent = Buffer.from(JSON.stringify(await parts.transformBody(chat.body)));
    const answering = chatAnswering(chat.wants, parts.now());
    const { model } = chat.wants;
    plainBody(visit.request);
    return {
      model,
      tier,
      bytes: bytes.length,
      body: replaceBody(body, sent),
      wantsDocument: false,
      answering,
    };
  }
  const model = value["model"];
  const problem = modelProblem(model) ?? streamProblem(field(value, "stream"));
  if (problem !== null || typeof model !== "string") return { refusal: problem ?? missingModel };
  const usual = { model, tier, bytes: bytes.length, answering: null };
  if (visit.isCodex) {
    // A key for some models only sends what was read: a second "model" in the bytes cannot reach upstream.
    if (visit.key.policy.models === undefined) return { ...usual, body, wantsDocument: false };
    plainBody(visit.request);
    return { ...usual, body: replaceBody(body, Buffer.from(JSON.stringify(value))), wantsDocument: false };
  }
  if (visit.route === "compact") return { ...usual, body, wantsDocument: false };
  const sent = Buffer.from(JSON.stringify(await parts.transformBody(value)));
  plainBody(visit.request);
  return { ...usual, body: replaceBody(body, sent), wantsDocument: value["stream"] !== true };
}

const missingModel: Refusal = {
  kind: "bad-request",
  issue: { path: ["model"], message: "Missing required parameter: 'model'." },
};

function modelProblem(model: unknown): Refusal | null {
  if (model === undefined || model === null) return missingModel;
  if (typeof model === "string" && model !== "") return null;
  return { kind: "invalid", issue: { path: ["model"], message: "model must be a non-empty string." } };
}

function streamProblem(stream: unknown): Refusal | null {
  if (stream === undefined || stream === null || typeof stream === "boolean") return null;
  return { kind: "invalid", issue: { path: ["stream"], message: "stream must be true or false." } };
}

/** The body that goes on is plain JSON, whatever the client had packed it into. */
function plainBody(request: IncomingMessage): void {
  dropHeader(request, "content-encoding");
}

export function dropHeader(request: IncomingMessage, name: string): void {
  Reflect.deleteProperty(request.headers, name);
  const kept = request.rawHeaders.filter((_, at, all) => all[at - (at % 2)]?.toLowerCase() !== name);
  request.rawHeaders.splice(0, request.rawHeaders.length, ...kept);
}
