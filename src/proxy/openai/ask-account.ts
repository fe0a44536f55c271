import type { FailureClassification } from "../../errors/classify.ts";
import type { Account } from "../../pool/account.ts";
import type { Asked } from "../accounts/bookkeeper.ts";
import { loginFailure } from "../accounts/login-failure.ts";
import type { FailedRenewal } from "../accounts/access-tokens.ts";
import { endingOf, type TurnEnding } from "../accounts/turns.ts";
import { readDocument } from "../answers/document.ts";
import { announcedModel } from "../answers/first-event.ts";
import type { ProxyAnswer } from "../answers/refusals.ts";
import type { Relayed } from "../answers/relay.ts";
import { type Exchange, isGone, onGone, passOn, reply } from "../door/exchange.ts";
import { isWhole, methodOf, upstreamPath } from "../door/routes.ts";
import type { RotationParts } from "../parts.ts";
import { type Attempt, keptHeaders, type Refusal, settleAttempt, showRefusal } from "./attempt.ts";
import { returnedHeaders } from "./headers.ts";
import { placeRequest, unplaced } from "./workspace-origin.ts";

/** What became of one account's turn. `served`: the client has its answer, or has left. */
export type Turn =
  | { readonly kind: "served"; readonly ending: TurnEnding; readonly relayed?: Relayed }
  /** It needs another token first, which is being fetched. */
  | { readonly kind: "renewing" }
  | {
      readonly kind: "next";
      readonly failure: FailureClassification;
      readonly refusal?: Refusal | undefined;
    };

const served = { kind: "served", ending: "failed" } as const satisfies Turn;

type Login = Account["login"];
type Answer = Extract<Attempt, { kind: "answer" }>;

/** Asks one account, and gives the client what it answers. */
export async function askAccount(parts: RotationParts, exchange: Exchange, account: Account): Promise<Turn> {
  const { accessTokens, bookkeeper } = parts;
  const who = bookkeeper.ask(account, exchange.facts);
  const reading = accessTokens.loginOf(account);
  if (reading.kind === "renewing") return reading;
  if (reading.kind === "none") return noLogin(parts, account, reading);
  const { accessToken } = reading.login;
  const asked = await attempt(parts, exchange, who, reading.login);
  if (asked === null) return served;
  if (asked.kind === "answer") return await finish(parts, exchange, who, asked);
  if (asked.failure.next !== "refresh") return failed(parts, who, asked);
  const renewal = accessTokens.reject(account, accessToken);
  return renewal.kind === "renewing" ? renewal : noLogin(parts, account, renewal);
}

function noLogin({ bookkeeper, now }: RotationParts, account: Account, reading: FailedRenewal): Turn {
  const failure = loginFailure(reading, now());
  bookkeeper.noteNoLogin(account, failure);
  return { kind: "next", failure };
}

function failed(
  { bookkeeper }: RotationParts,
  who: Asked,
  { failure, response, refusal }: Extract<Attempt, { kind: "failed" }>,
): Turn {
  const limitId = response ? bookkeeper.noteHeaders(who, response) : undefined;
  bookkeeper.noteFailure(who, failure, limitId);
  return { kind: "next", failure, refusal };
}

/** One request to one account, and the beginning of its answer. Null: the client left meanwhile. */
export async function attempt(
  parts: RotationParts,
  exchange: Exchange,
  { account }: Asked,
  login: Login,
): Promise<Attempt | null> {
  const { limits, now: nowMs, upstream, accessTokens } = parts;
  const isAfterRefresh = accessTokens.isUnproven(account.id, login.accessToken);
  const { route, query, request, body, facts } = exchange;
  const size = body === null ? null : body.size;
  const placing = placeRequest(parts, { account, login, request, facts, size });
  const placed = placing instanceof Promise ? await placing : placing;
  if (isGone(exchange)) return null;
  if (placed === null) return { kind: "failed", failure: unplaced(nowMs()), response: null };
  const { origin, headers } = placed;
  const path = upstreamPath(route, query);
  const headersMs = isWhole(route) ? limits.compactMs : limits.headersMs;
  const sending = upstream.send({ origin, path, method: methodOf(route), headers, body, headersMs });
  const stay = onGone(exchange, () => sending.abort());
  const result = await settleAttempt(sending, { route, nowMs, isAfterRefresh, limits });
  stay();
  if (!isGone(exchange)) return result;
  sending.abort();
  return null;
}

async function finish(parts: RotationParts, exchange: Exchange, who: Asked, answer: Answer): Promise<Turn> {
  const { response, held, isEventStream, failure } = answer;
  const { bookkeeper, ledger } = parts;
  const refused = failure === null && isEventStream ? modelRefusal(exchange, held) : null;
  if (refused !== null) return refuseAnswer(parts, exchange, who, { answer, refused });
  const own = exchange.pass?.answering ?? exchange.answering ?? null;
  if (exchange.wantsDocument && isEventStream && !own)
    return await finishDocument(parts, exchange, who, answer);
  exchange.body?.release();
  parts.conversations.note(exchange.facts, who.account.id, parts.now());
  bookkeeper.noteHeaders(who, response);
  if (failure === null) bookkeeper.noteSuccess(who);
  ledger.noteSessions(exchange.facts.sessionIds);
  if (failure !== null && !isEventStream) {
    showRefusal(exchange, { response, held, isEventStream, failure });
    return served;
  }
  const relayed = own
    ? await own(exchange, response, held, isEventStream)
    : await passOn(exchange, response, { held, isEventStream, idleMs: parts.limits.idleMs });
  const { finalEvent, kind } = relayed;
  if (finalEvent !== null) bookkeeper.noteEnd(who, finalEvent);
  else if (kind === "cut") bookkeeper.noteCut(who);
  return { kind: "served", ending: failure === null ? endingOf(relayed, isEventStream) : "failed", relayed };
}

function modelRefusal({ pass }: Exchange, held: readonly Buffer[]): ProxyAnswer | null {
  const model = pass?.refuseModel && announcedModel(held);
  return model === undefined ? null : (pass?.refuseModel?.(model) ?? null);
}

/** The client sees nothing of an answer that it may not have; what it cost is known to nobody. */
function refuseAnswer(
  { bookkeeper }: RotationParts,
  exchange: Exchange,
  who: Asked,
  { answer: { response }, refused }: { readonly answer: Answer; readonly refused: ProxyAnswer },
): Turn {
  response.destroy();
  bookkeeper.noteHeaders(who, response);
  bookkeeper.noteSuccess(who);
  reply(exchange.response, refused);
  const relayed = { kind: "client-gone", finalEvent: null, asksForTool: false, sentBytes: 0 } as const;
  return { ...served, relayed };
}

/** The client sees nothing before the end, so a late failure goes on to the next account too. */
async function finishDocument(
  parts: RotationParts,
  exchange: Exchange,
  who: Asked,
  { response, held }: Answer,
): Promise<Turn> {
  const { bookkeeper, limits, now: nowMs } = parts;
  bookkeeper.noteSuccess(who);
  const stay = onGone(exchange, () => response.destroy());
  const reading = await readDocument(response, held, { idleMs: limits.idleMs, nowMs });
  stay();
  const { relayed } = reading;
  if (isGone(exchange)) return { ...served, relayed: { ...relayed, kind: "client-gone" } };
  if (reading.kind === "failed") {
    const { failure, bytes } = reading;
    parts.counters.of(who.account.id).served -= 1;
    const refusal = { response, held: [bytes], isEventStream: true, failure };
    if (failure.next !== "surface") return failed(parts, who, { kind: "failed", ...refusal, refusal });
    bookkeeper.noteHeaders(who, response);
    showRefusal(exchange, refusal);
    return { ...served, relayed };
  }
  exchange.body?.release();
  parts.conversations.note(exchange.facts, who.account.id, nowMs());
  bookkeeper.noteHeaders(who, response);
  const told = exchange.pass?.headers(returnedHeaders(response.rawHeaders, true)) ?? [];
  const headers = { ...keptHeaders(told), "content-type": "application/json" };
  reply(exchange.response, { status: 200, headers, body: JSON.stringify(reading.document) });
  if (relayed.finalEvent !== null) bookkeeper.noteEnd(who, relayed.finalEvent);
  return { kind: "served", ending: endingOf(relayed, true), relayed };
}
