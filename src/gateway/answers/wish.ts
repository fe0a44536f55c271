import type { IncomingMessage, ServerResponse } from "node:http";
import { readChatRequest } from "../../chat/request.ts";
import { missingIssue } from "../../errors/envelope.ts";
import { replaceBody } from "../../proxy/door/body.ts";
import type { Answering, Exchange } from "../../proxy/door/exchange.ts";
import { field, textField } from "../../text/json.ts";
import type { ReadBody } from "../door/body.ts";
import type { Refusal } from "../door/refusal.ts";
import type { ClientKey } from "../keys/client-keys.ts";
import type { GatewayParts } from "../parts.ts";
import { plainRequest } from "./plain-request.ts";
import { chatAnswering } from "./chat-exchange.ts";

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
    const sent = Buffer.from(JSON.stringify(await plainRequest(parts, chat.body)));
    const answering = chatAnswering(chat.wants, { nowMs: parts.now(), idleMs: parts.rotation.limits.idleMs });
    const { model } = chat.wants;
    plainBody(visit.request);
    return {
      model,
      tier,
      bytes: bytes.length,
      body: replaceBody(body, sent),
      wantsDocument: true,
      answering,
    };
  }
  const model = value["model"];
  const problem = modelProblem(model) ?? streamProblem(field(value, "stream"));
  if (problem !== null || typeof model !== "string") return { refusal: problem ?? missingModel };
  const usual = { model, tier, bytes: bytes.length, answering: null };
  if (visit.isCodex || visit.route === "compact") {
    // Where the model matters, what was read is sent: a second "model" in the bytes cannot reach upstream.
    if (isForAnyModel(visit.key)) return { ...usual, body, wantsDocument: false };
    plainBody(visit.request);
    return { ...usual, body: replaceBody(body, Buffer.from(JSON.stringify(value))), wantsDocument: false };
  }
  const sent = Buffer.from(JSON.stringify(await plainRequest(parts, value)));
  plainBody(visit.request);
  return { ...usual, body: replaceBody(body, sent), wantsDocument: value["stream"] !== true };
}

function isForAnyModel({ policy: { models, limits } }: ClientKey): boolean {
  return models === undefined && limits.every(({ model }) => model === undefined);
}

const missingModel: Refusal = { kind: "bad-request", issue: missingIssue(["model"]) };

export function modelProblem(model: unknown): Refusal | null {
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
  const name = "content-encoding";
  Reflect.deleteProperty(request.headers, name);
  const kept = request.rawHeaders.filter((_, at, all) => all[at - (at % 2)]?.toLowerCase() !== name);
  request.rawHeaders.splice(0, request.rawHeaders.length, ...kept);
}
