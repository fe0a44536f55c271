import type { IncomingMessage, ServerResponse } from "node:http";
import { toErrorEnvelope } from "../../errors/envelope.ts";
import { isRecord, parseJson } from "../../text/json.ts";
import type { Busy, TurnEnding, TurnKey, Turns } from "../accounts/turns.ts";
import { openAiModels, withClientVersion } from "../answers/model-answer.ts";
import { proxyAnswer, type ProxyAnswer } from "../answers/refusals.ts";
import type { ProxyLimits, RotationProxyOptions } from "../options.ts";
import { type Body, type BodyBudget, bodyBytes, readBody, replaceBody } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import { bodyFields } from "./body-fields.ts";
import { requestFacts } from "./request-facts.ts";
import type { RouteName, Target } from "./routes.ts";

export interface ReadingOptions {
  readonly limits: ProxyLimits;
  readonly budget: BodyBudget;
  readonly transformBody: RotationProxyOptions["transformBody"];
}

type ExchangeReading =
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
    const facts = requestFacts(request.headers, {});
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
  const facts = requestFacts(request.headers, bodyFields(request.headers, body));
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
    replaceBody(body, bytes);
    return { kind: "exchange", exchange: { ...exchange, wantsDocument: value["stream"] !== true } };
  } catch (error) {
    body.release();
    const message = error instanceof Error ? error.message : "The request cannot be read.";
    const envelope = toErrorEnvelope({ code: "invalid_request_error", message });
    const headers = { "content-type": "application/json" };
    return { kind: "refused", answer: { status: 400, headers, body: JSON.stringify(envelope) } };
  }
}

interface VisitOptions {
  readonly busy: Busy;
  readonly turns: Turns;
  /** Null when the client names none: then nothing ties its requests together. */
  readonly conversation: string | null;
  /** Of what is no part of a turn (a list of models), only the account is busy with it. */
  readonly isTurn: boolean;
}

/** One request of a client, as the choices for the others see it: on which account it is, and whose turn runs. */
export class Visit {
  readonly key: TurnKey;
  readonly #options: VisitOptions;
  #accountId: string | null = null;
  #isRunning = false;

  constructor(options: VisitOptions) {
    this.#options = options;
    this.key = options.conversation ?? this;
  }

  /** An account was chosen for it. */
  enter(accountId: string, nowMs: number): void {
    const { busy, turns, isTurn } = this.#options;
    this.#accountId = accountId;
    busy.book(accountId, this.key, nowMs);
    if (isTurn && !this.#isRunning) turns.begin(this.key);
    this.#isRunning = true;
  }

  /** The account failed; the turn goes on with the next one. */
  leave(nowMs: number): void {
    this.#release(false, nowMs);
  }

  /** The client has its answer, or none will come. */
  end(ending: TurnEnding, nowMs: number): void {
    const { turns, isTurn } = this.#options;
    this.#release(ending !== "failed", nowMs);
    if (isTurn && this.#isRunning) turns.end(this.key, ending, nowMs);
    this.#isRunning = false;
  }

  #release(isServed: boolean, nowMs: number): void {
    if (this.#accountId !== null) this.#options.busy.release(this.#accountId, this.key, isServed, nowMs);
    this.#accountId = null;
  }
}
