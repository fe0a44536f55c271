import type { IncomingMessage, ServerResponse } from "node:http";
import type { FailureClassification } from "../../errors/classify.ts";
import type { DeadPool } from "../answers/no-account-answer.ts";
import type { ProxyAnswer } from "../answers/refusals.ts";
import { relay, type Relayed, type RelayOptions, type Stop } from "../answers/relay.ts";
import { returnedHeaders } from "../openai/headers.ts";
import type { Body } from "./body.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { RouteName } from "./routes.ts";

/** Takes upstream's answer to the client. */
export type Answering = (
  exchange: Exchange,
  answer: IncomingMessage,
  held: readonly Buffer[],
  isEventStream: boolean,
) => Promise<Relayed>;

/** What upstream refused with, and what that means. */
export interface Refused {
  readonly held: readonly Buffer[];
  readonly isEventStream: boolean;
  readonly failure: FailureClassification;
}

/** What a client of the gateway may have, and how it is told; the rotation proxy's own clients have no such pass. */
export interface Pass {
  /** The name by which people know the client. */
  readonly client: string;
  /** Ids of the accounts that may serve; null: all. */
  readonly accounts: ReadonlySet<string> | null;
  /** In place of the proxy's answer when no account can serve. */
  readonly refuse: (dead: DeadPool) => ProxyAnswer;
  /** In place of upstream's answer as it came. */
  readonly answering: Answering | null;
  /** In place of a refusal of upstream; null: as it came. */
  readonly surface: (refused: Refused) => ProxyAnswer | null;
  /** What the client is told when OpenAI answers with this model; null: it may have it. Absent: it may have every one. */
  readonly refuseModel?: (model: string) => ProxyAnswer | null;
  /** The client is not told of events of this type. */
  readonly hiddenType?: string;
  /** Ends the answer in the middle, for this reason. */
  readonly stop?: Stop;
  /** Upstream's headers, flat, as the client is to see them. */
  readonly headers: (received: string[]) => string[];
}

/** One request of a client, read whole, and the way back to it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: RouteName;
  readonly query: string;
  readonly body: Body | null;
  readonly facts: RequestFacts;
  /** The client asked for one JSON document where upstream gives a stream. */
  readonly wantsDocument: boolean;
  /** In place of upstream's answer as it came. */
  readonly answering?: Answering;
  readonly pass?: Pass;
}

// Of the request: a response has no socket while an earlier request of the same connection is answered.
export function isGone({ request, response }: Exchange): boolean {
  return response.destroyed || request.socket.destroyed;
}

/** Calls `work` when the client leaves before it was answered; returns what calls that off. */
export function onGone({ request: { socket } }: Exchange, work: () => void): () => void {
  socket.once("close", work);
  return () => void socket.off("close", work);
}

/** Resolves with the work, or when the client leaves. */
export function unlessGone(exchange: Exchange, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const stay = onGone(exchange, resolve);
    void work.then(stay).then(resolve);
  });
}

/** An answer of ours. */
export function reply(response: ServerResponse, { status, headers, body }: ProxyAnswer): void {
  if (response.destroyed || response.headersSent) return;
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, "content-length": String(bytes.length) });
  response.end(bytes);
}

/** Upstream's answer, as it came. From here on nothing is tried again. */
export function passOn(
  { response: client, pass }: Exchange,
  answer: IncomingMessage,
  options: Omit<RelayOptions, "mustEnd" | "stop" | "hiddenType">,
): Promise<Relayed> {
  const { held, isEventStream } = options;
  const received = returnedHeaders(answer.rawHeaders, isEventStream);
  const headers = pass ? pass.headers(received) : received;
  // Node adds a date of its own otherwise, beside upstream's.
  client.sendDate = answer.headers.date === undefined;
  client.cork();
  client.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? "", headers);
  if (held.length === 0) client.flushHeaders();
  // Other clients than Codex take a stream that just ends for a short answer.
  const { hiddenType, stop } = pass ?? {};
  return relay(answer, client, { ...options, mustEnd: pass !== undefined, hiddenType, stop });
}
