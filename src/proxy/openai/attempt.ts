import type { IncomingMessage } from "node:http";
import { classifyFailure, type FailureClassification } from "../../errors/classify.ts";
import { parseErrorEnvelope } from "../../errors/envelope.ts";
import { codeInWords, isConnectFailure, networkCode } from "../../openai/backend.ts";
import { peek } from "../answers/first-event.ts";
import { type Exchange, type Refused, reply } from "../door/exchange.ts";
import type { RouteName } from "../door/routes.ts";
import type { ProxyLimits } from "../options.ts";
import { returnedHeaders } from "./headers.ts";
import { readStart, type Sending, SlowAnswer } from "./upstream.ts";

/** How one request to one account went, before anything of it was passed on. */
export type Attempt =
  /** The answer is for the client; `held` was read of it. `failure` when it is a refusal that no account changes. */
  | {
      readonly kind: "answer";
      readonly response: IncomingMessage;
      readonly held: readonly Buffer[];
      readonly isEventStream: boolean;
      readonly failure: FailureClassification | null;
    }
  | {
      readonly kind: "failed";
      readonly failure: FailureClassification;
      /** Null when there was no answer. */
      readonly response: IncomingMessage | null;
      /** Set when the client is shown it unless one more account answers. */
      readonly refusal?: Refusal;
    };

interface AttemptContext {
  readonly route: RouteName;
  readonly nowMs: () => number;
  readonly isAfterRefresh: boolean;
  readonly limits: ProxyLimits;
}

/** Waits for the answer and looks at its beginning. Never throws; what is not passed on is ended. */
export async function settleAttempt(sending: Sending, context: AttemptContext): Promise<Attempt> {
  const answer = await sending.answer;
  if (answer.kind === "lost")
    return { kind: "failed", failure: lostFailure(answer.error, context.nowMs()), response: null };
  const attempt = await readAnswer(answer.response, context);
  if (attempt.kind === "failed" && !answer.response.complete) sending.abort();
  return attempt;
}

async function readAnswer(response: IncomingMessage, context: AttemptContext): Promise<Attempt> {
  const status = response.statusCode ?? 0;
  const isUnchanged = status === 304 && context.route === "models";
  if ((status < 200 || status > 299) && !isUnchanged) return await readRefusal(response, status, context);
  // A page is no answer to a turn, whatever its status says.
  if (context.route === "responses" && isPage(response)) {
    return await readRefusal(response, 502, context, `OpenAI answered ${status} with a web page.`);
  }
  if (!isPeekable(response, context.route)) {
    return { kind: "answer", response, held: [], isEventStream: false, failure: null };
  }
  const { firstEventMs, preambleMs } = context.limits;
  const beginning = await peek(response, { firstEventMs, preambleMs });
  const passed = {
    kind: "answer",
    response,
    held: beginning.held,
    isEventStream: true,
    failure: null,
  } as const;
  if (beginning.kind === "visible") return passed;
  const { isAfterRefresh, nowMs } = context;
  const failure = streamFailure(beginningFailure(beginning), response, nowMs(), isAfterRefresh);
  if (failure.next === "surface") return { ...passed, failure };
  return failedWith({ response, held: beginning.held, isEventStream: true, failure });
}

/** A model without capacity is so for every account: when all say it, the client is told in upstream's words. */
function failedWith(refusal: Refusal): Attempt {
  const { failure, response } = refusal;
  return failure.next === "another" || failure.kind === "overloaded"
    ? { kind: "failed", failure, response, refusal }
    : { kind: "failed", failure, response };
}

function beginningFailure(beginning: Exclude<Awaited<ReturnType<typeof peek>>, { kind: "visible" }>): object {
  if (beginning.kind === "failed") return beginning.event;
  if (beginning.kind === "stalled") return new Error("The stream showed nothing for too long.");
  return new Error("The stream ended before it showed anything.");
}

/** What a stream has failed with: its last event, or what is known of its end. */
export function streamFailure(
  said: object,
  response: IncomingMessage,
  nowMs: number,
  isAfterRefresh = false,
): FailureClassification {
  const failure = classifyFailure(said, nowMs, { stage: "stream", isAfterRefresh });
  return withLimits(failure, response, nowMs);
}

/** A limit that was told inside a stream has its reset in the headers. */
function withLimits(failure: FailureClassification, { headers }: IncomingMessage, nowMs: number) {
  if (failure.kind !== "usageLimit" || failure.resetsAtSec !== undefined) return failure;
  const { error } = failure.envelope;
  const again = classifyFailure({ status: 429, headers, body: { error } }, nowMs);
  return again.kind === "usageLimit" ? again : failure;
}

async function readRefusal(
  response: IncomingMessage,
  status: number,
  context: AttemptContext,
  message?: string,
): Promise<Attempt> {
  const { bytes } = await readStart(response, context.limits.firstEventMs);
  const body = bytes.toString("utf8");
  const { isAfterRefresh, nowMs } = context;
  const meant = classifyFailure({ status, headers: response.headers, body }, nowMs(), { isAfterRefresh });
  const { error } = meant.envelope;
  const failure = message === undefined ? meant : { ...meant, envelope: { error: { ...error, message } } };
  const refusal = { response, held: [bytes], isEventStream: false, failure };
  return failure.next === "surface" ? { kind: "answer", ...refusal } : failedWith(refusal);
}

function isPage({ headers }: IncomingMessage): boolean {
  const type = headers["content-type"];
  return type !== undefined && type !== usualType && /^\s*text\/html/i.test(type);
}

const usualType = "text/event-stream";

/** What is compressed cannot be looked into; what says it is JSON is no stream. */
function isPeekable({ headers }: IncomingMessage, route: RouteName): boolean {
  const type = headers["content-type"] ?? usualType;
  const isPlain = (headers["content-encoding"] ?? "identity") === "identity";
  const isStream = type === usualType || /^\s*text\/event-stream/i.test(type);
  return route === "responses" && isPlain && isStream;
}

/** In words of our own: an error of the network may quote the headers. */
export function lostFailure(error: Error, nowMs: number): FailureClassification {
  if (error instanceof SlowAnswer)
    return classifyFailure(new Error(error.message), nowMs, { stage: "streamConnect" });
  const isConnect = isConnectFailure(error);
  const code = networkCode(error);
  const words = isConnect
    ? `OpenAI cannot be reached: ${codeInWords(code)}.`
    : `The connection to OpenAI was lost: ${code}.`;
  return classifyFailure(new Error(words), nowMs, { stage: isConnect ? "connect" : "stream" });
}

/** What upstream refused with, read and kept as it came. */
export interface Refusal extends Refused {
  readonly response: IncomingMessage;
}

/** Shows a refusal as it came. Clients other than Codex know only the error envelope, and are given one. */
export function showRefusal(exchange: Exchange, refusal: Refusal): void {
  const { response: client, facts, wantsDocument } = exchange;
  const { response, held, isEventStream, failure } = refusal;
  if (client.destroyed || client.headersSent) return;
  const bytes = Buffer.concat(held);
  const received = returnedHeaders(response.rawHeaders, true);
  const headers = exchange.pass ? exchange.pass.headers(received) : received;
  const own = exchange.pass?.surface(refusal) ?? null;
  if (own !== null) return reply(client, { ...own, headers: { ...keptHeaders(headers), ...own.headers } });
  const isReadable = isEventStream ? !wantsDocument : parseErrorEnvelope(bytes.toString()) !== undefined;
  if (!facts.isCodex && !isReadable) return replyEnvelope(exchange, failure, headers);
  client.sendDate = response.headers.date === undefined;
  headers.push("content-length", String(bytes.length));
  client.writeHead(response.statusCode ?? 502, response.statusMessage ?? "", headers);
  client.end(bytes);
}

function replyEnvelope(exchange: Exchange, { status, envelope }: FailureClassification, headers: string[]) {
  const kept = { ...keptHeaders(headers), "content-type": "application/json" };
  reply(exchange.response, { status, headers: kept, body: JSON.stringify(envelope) });
}

/** Ids of the request stay; what is said about the old body goes. */
export function keptHeaders(headers: readonly string[]): Record<string, string> {
  const kept: Record<string, string> = {};
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]?.toLowerCase() ?? "";
    if (name.startsWith("x-") || name.endsWith("request-id") || name === "cf-ray")
      kept[name] = headers[at + 1] ?? "";
  }
  return kept;
}
