import type { IncomingMessage, ServerResponse } from "node:http";
import { missingIssue } from "../../errors/envelope.ts";
import { objectFields } from "../../proxy/door/body-fields.ts";
import { type Body, replaceBody } from "../../proxy/door/body.ts";
import type { Answering } from "../../proxy/door/exchange.ts";
import { type RequestFacts, requestFacts } from "../../proxy/door/request-facts.ts";
import { field, textField } from "../../text/json.ts";
import { loadChecks } from "../door/checks.ts";
import { objectIn, type ReadBody, readGatewayBody } from "../door/body.ts";
import type { Refusal } from "../door/refusal.ts";
import type { ClientKey } from "../keys/client-keys.ts";
import type { GatewayParts } from "../parts.ts";
import { chatAnswering } from "./chat-exchange.ts";
import { compactAnswering } from "./compact-answer.ts";

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
  /** As upstream is told it. */
  readonly model: string;
  /** As the client wrote it: perhaps with a provider before it or an effort behind it. */
  readonly asked: string;
  readonly tier: string | undefined;
  /** Of the body as the client meant it. */
  readonly bytes: number;
  /** As it goes on; whoever holds the wish gives it back. */
  readonly body: Body;
  readonly facts: RequestFacts;
  readonly wantsDocument: boolean;
  readonly answering: Answering | null;
}

type WishReading = Wish | { readonly refusal: Refusal };

/** Reads what is wanted. Nothing of the body outlives this but what is sent on. */
export async function readWish(
  parts: GatewayParts,
  visit: Visit,
): Promise<WishReading | "gone" | "too-large"> {
  const read = await readGatewayBody(visit.request, parts.budget, parts.rotation.limits);
  if (read.kind === "packed") return { refusal: packed };
  if (read.kind !== "read") return read.kind;
  let isKept = false;
  try {
    const wish = await wishOf(parts, visit, read);
    isKept = !("refusal" in wish);
    return wish;
  } catch (error) {
    // The stack ends: JSON can be read deeper than it can be written.
    if (error instanceof RangeError) return { refusal: tooDeep };
    throw error;
  } finally {
    if (!isKept) read.body.release();
  }
}

/** Of `/v1/responses` only model and stream, because upstream knows its own requests best. */
async function wishOf(parts: GatewayParts, visit: Visit, read: ReadBody): Promise<WishReading> {
  const { request, key, route } = visit;
  const isPassedOn = route === "compact" || (visit.isCodex && route === "responses");
  // Where the model matters, what was read is sent: a second "model" in the bytes cannot reach upstream.
  const isAsItCame = isPassedOn && isForAnyModel(key);
  const value = isAsItCame ? objectFields(read.bytes, lookedAt) : objectIn(read);
  if (value === null) return { refusal: noObject };
  if (value === "too-deep") return { refusal: tooDeep };
  const { body, bytes } = read;
  const tier = textField(value, "service_tier");
  const wishFor = (asked: string, sent: object) => {
    const model = textField(sent, "model") ?? asked;
    if (!isAsItCame) {
      replaceBody(body, Buffer.from(JSON.stringify(sent)));
      plainBody(request);
    }
    const facts = requestFacts(request.headers, sent, key.id);
    return { model, asked, tier, bytes: bytes.length, body, facts: { ...facts, model } };
  };
  if (route === "chat") {
    await loadChecks();
    const { readChatRequest } = await import("../../chat/request.ts");
    const chat = readChatRequest(value);
    if (chat.kind !== "ready") {
      return { refusal: { kind: chat.kind === "missing" ? "bad-request" : "invalid", issue: chat.issue } };
    }
    const answering = chatAnswering(chat.wants, { nowMs: parts.now(), idleMs: parts.rotation.limits.idleMs });
    const sent = await plainRequest(parts, chat.body);
    return { ...wishFor(chat.wants.model, sent), wantsDocument: true, answering };
  }
  const model = value["model"];
  const problem = modelProblem(model) ?? streamProblem(field(value, "stream"));
  if (problem !== null || typeof model !== "string") return { refusal: problem ?? missingModel };
  if (isPassedOn) {
    const answering = route === "compact" ? compactAnswering(parts.rotation.limits.idleMs) : null;
    return { ...wishFor(model, value), wantsDocument: false, answering };
  }
  const sent = await plainRequest(parts, value);
  return { ...wishFor(model, sent), wantsDocument: value["stream"] !== true, answering: null };
}

const lookedAt = ["model", "stream", "service_tier", "prompt_cache_key", "previous_response_id"];

function isForAnyModel({ policy: { models, limits } }: ClientKey): boolean {
  return models === undefined && limits.every(({ model }) => model === undefined);
}

const noObject = bodyRefusal("The request body must be a JSON object.");
const tooDeep = bodyRefusal("The request body is nested too deep, or has too many fields.");
const packed = bodyRefusal(
  "The request body cannot be unpacked: send it as it is, or as Content-Encoding gzip, deflate or zstd.",
);

function bodyRefusal(message: string): Refusal {
  return { kind: "bad-request", issue: { path: [], message } };
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

/** OpenAI's API takes these, and the backend of Codex refuses them: who sends one wants an answer all the same. */
const dropped: ReadonlySet<string> = new Set([
  "temperature",
  "top_p",
  "top_logprobs",
  "max_tokens",
  "max_output_tokens",
  "stop",
  "seed",
  "user",
  "metadata",
  "safety_identifier",
  "prompt_cache_retention",
  "truncation",
]);

/** A Responses request of a client that is not Codex, as the backend of Codex takes it. */
export async function plainRequest(
  { transformBody }: Pick<GatewayParts, "transformBody">,
  body: Readonly<Record<string, unknown>>,
): Promise<object> {
  const kept = Object.fromEntries(Object.entries(body).filter(([name]) => !dropped.has(name)));
  // What cannot be understood here upstream refuses in words of its own.
  return await transformBody(kept).catch(() => ({ ...kept, store: false, stream: true }));
}
