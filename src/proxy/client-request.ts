import type { IncomingMessage, ServerResponse } from "node:http";
import { isRecord, parseJson } from "../errors/json-value.ts";
import { toErrorEnvelope } from "../errors/envelope.ts";
import { proxyAnswer } from "../errors/proxy-answer.ts";
import type { ProxyAnswer } from "../errors/proxy-answer.ts";
import { bodyBytes, readBody, replaceBody } from "./body.ts";
import type { Body, BodyBudget } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import type { ProxyLimits, RotationProxyOptions } from "./options.ts";
import { openAiModels, withClientVersion } from "./model-answer.ts";
import { requestFacts } from "./request-facts.ts";
import type { RouteName, Target } from "./routes.ts";

export interface ReadingOptions {
  readonly limits: ProxyLimits;
  readonly budget: BodyBudget;
  readonly transformBody: RotationProxyOptions["transformBody"];
}

export type ExchangeReading =
  | { readonly kind: "exchange"; readonly exchange: Exchange }
  | { readonly kind: "refused"; readonly answer: ProxyAnswer }
  | { readonly kind: "gone" };

/** Reads a request that the guard has let in. */
export async function readExchange(
  request: IncomingMessage,
  response: ServerResponse,
  { route, query, modelId }: Target & { readonly route: RouteName },
  options: ReadingOptions,
): Promise<ExchangeReading> {
  if (route === "models") {
    const facts = requestFacts(request.headers, null);
    const isPlain = !facts.isCodex || modelId !== null;
    const asked = { query: withClientVersion(query), ...(isPlain && { answering: openAiModels(modelId) }) };
    return {
      kind: "exchange",
      exchange: { request, response, route, body: null, facts, wantsDocument: false, ...asked },
    };
  }
  const reading = await readBody(request, options.budget, options.limits);
  if (reading.kind === "gone") return reading;
  if (reading.kind !== "body") return { kind: "refused", answer: tooMuch(reading.kind) };
  const { body } = reading;
  const facts = requestFacts(request.headers, body);
  const exchange = { request, response, route, query, body, facts, wantsDocument: false };
  if (facts.isCodex || route !== "responses" || !options.transformBody) return { kind: "exchange", exchange };
  return await transformed(exchange, body, options.transformBody);
}

function tooMuch(kind: "too-large" | "no-room"): ProxyAnswer {
  const client = { isCodex: false, nowMs: 0 };
  return proxyAnswer({ kind: kind === "too-large" ? "payload-too-large" : "no-room" }, client);
}

type Transform = NonNullable<RotationProxyOptions["transformBody"]>;

/** Fields of OpenAI's API that the Codex backend answers with 400. */
const refusedFields: ReadonlySet<string> = new Set([
  "temperature",
  "top_p",
  "metadata",
  "user",
  "truncation",
  "safety_identifier",
  "prompt_cache_retention",
]);

/** A plain OpenAI request, in the form that the Codex backend takes. What is no plain JSON stays as it is. */
async function transformed(exchange: Exchange, body: Body, transform: Transform): Promise<ExchangeReading> {
  const isPlain = (exchange.request.headers["content-encoding"] ?? "identity") === "identity";
  const value = isPlain ? parseJson(bodyBytes(body).toString("utf8")) : undefined;
  if (!isRecord(value)) return { kind: "exchange", exchange };
  try {
    const fit = Object.entries(await transform(value)).filter(([name]) => !refusedFields.has(name));
    const bytes = Buffer.from(JSON.stringify(Object.fromEntries(fit)));
    const wantsDocument = value["stream"] !== true;
    return { kind: "exchange", exchange: { ...exchange, body: replaceBody(body, bytes), wantsDocument } };
  } catch (error) {
    body.release();
    const message = error instanceof Error ? error.message : "The request cannot be read.";
    const envelope = toErrorEnvelope({ code: "invalid_request_error", message });
    const headers = { "content-type": "application/json" };
    return { kind: "refused", answer: { status: 400, headers, body: JSON.stringify(envelope) } };
  }
}
