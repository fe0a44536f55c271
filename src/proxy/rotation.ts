import type { Duplex } from "node:stream";
import type { FailureClassification } from "../errors/classify.ts";
import type { Account } from "../store/account.ts";
import { settleAttempt } from "./attempt.ts";
import type { Attempt } from "./attempt.ts";
import type { Books } from "./books.ts";
import { choose } from "./choice.ts";
import type { Choice, ChoiceState } from "./choice.ts";
import type { Counters } from "./counters.ts";
import { replyDocument } from "./document-answer.ts";
import { isGone, onGone, passOn, reply } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import { exhaustedAnswer } from "./exhausted.ts";
import type { LivePool } from "./live-pool.ts";
import type { Logins } from "./logins.ts";
import type { DecisionRecord, ProxyLimits } from "./options.ts";
import { placeRequest, unplaced } from "./placement.ts";
import { showRefusal } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import { methodOf, upstreamPath } from "./routes.ts";
import type { WorkspaceRouting } from "./routing.ts";
import { endingOf } from "./turns.ts";
import type { TurnEnding } from "./turns.ts";
import type { Upstream } from "./upstream.ts";
import { Visit } from "./visit.ts";

export interface RotationParts extends ChoiceState {
  readonly pool: LivePool;
  readonly logins: Logins;
  readonly routing: WorkspaceRouting;
  readonly upstream: Upstream;
  readonly books: Books;
  readonly counters: Counters;
  /** Upgraded connections of clients, which the server does not close itself. */
  readonly sockets: Set<Duplex>;
  readonly limits: ProxyLimits;
  readonly now: () => number;
}

type Login = Account["login"];

/** One request on its way through the pool. */
interface Journey {
  readonly exchange: Exchange;
  readonly triedIds: Set<string>;
  readonly failures: Map<string, FailureClassification>;
  /** What accounts said that the client may be shown as it came. */
  readonly refusals: Refusal[];
  readonly holdUntilMs: number;
  readonly visit: Visit;
  attempts: number;
  ending: TurnEnding;
}

/** What became of one account's turn. `served`: the client has its answer, or has left. */
type Turn =
  | { readonly kind: "served" }
  | {
      readonly kind: "next";
      readonly failure: FailureClassification | null;
      readonly refusal?: Refusal | undefined;
    };

const served: Turn = { kind: "served" };
const extraAttempts = 2;
/** Two accounts that refuse a request in a way that nobody knows are enough: the client is shown what they said. */
const mostRefusals = 2;

/** Ranks, forwards, looks at the beginning, and goes on to the next account until the client has an answer. */
export async function serve(parts: RotationParts, exchange: Exchange): Promise<void> {
  const { busy, turns, limits, now } = parts;
  const isTurn = exchange.route === "responses";
  const visit = new Visit({ busy, turns, conversation: exchange.facts.conversation, isTurn });
  const journey: Journey = {
    exchange,
    triedIds: new Set(),
    failures: new Map(),
    refusals: [],
    holdUntilMs: now() + limits.holdMs,
    visit,
    attempts: 0,
    ending: "failed",
  };
  try {
    await travel(parts, journey);
  } finally {
    visit.end(journey.ending, now());
  }
}

async function travel(parts: RotationParts, journey: Journey): Promise<void> {
  const { exchange } = journey;
  for (;;) {
    await parts.pool.settled();
    if (isGone(exchange)) return;
    const choice = chooseFor(parts, journey);
    const record = recordDecision(parts, choice);
    const { decision } = choice;
    const account = decision.kind === "use" ? parts.pool.accounts.get(decision.accountId) : undefined;
    if (account && journey.attempts < parts.pool.accounts.size + extraAttempts) {
      if (await takeTurn(parts, journey, account, record)) return;
      if (isRefusedEnough(journey)) return showLast(journey);
    } else if (journey.refusals.length > 0) {
      record.outcome = "the refusal was shown";
      return showLast(journey);
    } else if (decision.kind === "use" || !(await waited(parts, journey, decision.untilMs))) {
      record.outcome = "answered by the proxy";
      return reply(exchange.response, deadAnswer(parts, journey, choice));
    }
  }
}

function isRefusedEnough({ refusals }: Journey): boolean {
  return refusals.filter(({ failure }) => failure.next === "another").length >= mostRefusals;
}

function showLast({ exchange, refusals }: Journey): void {
  const last = refusals.at(-1);
  if (last) showRefusal(exchange, last);
}

function chooseFor(parts: RotationParts, { exchange, triedIds, visit }: Journey): Choice {
  return choose(parts, { facts: exchange.facts, key: visit.key, triedIds }, parts.now());
}

function recordDecision({ counters, now }: RotationParts, { decision, only }: Choice): DecisionRecord {
  const { kind, reason } = decision;
  const accountId = decision.kind === "wait" ? null : decision.accountId;
  return counters.decide({ atMs: now(), kind, accountId, reason: only?.reason ?? reason, outcome: null });
}

function deadAnswer({ pool, pin, now, counters }: RotationParts, journey: Journey, choice: Choice) {
  const { exchange, failures } = journey;
  const { isCodex } = exchange.facts;
  if (choice.reserve) counters.deferred += 1;
  return exhaustedAnswer({ choice, accounts: pool.accounts, failures, pin, isCodex, nowMs: now() });
}

/** True when it was worth waiting; an account that comes back may be tried again. */
async function waited(parts: RotationParts, journey: Journey, untilMs: number | null): Promise<boolean> {
  if (untilMs === null || untilMs > journey.holdUntilMs) return false;
  await pause(journey.exchange, Math.max(1, untilMs - parts.now()));
  for (const id of journey.triedIds) if (parts.ledger.availabilityOf(id)?.block) journey.triedIds.delete(id);
  return true;
}

/** Ends early when the client leaves. */
function pause(exchange: Exchange, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stay();
      resolve();
    };
    const timer = setTimeout(end, ms);
    const stay = onGone(exchange, end);
  });
}

/** True when the client has its answer. */
async function takeTurn(parts: RotationParts, journey: Journey, account: Account, record: DecisionRecord) {
  const counts = parts.counters.of(account.id);
  journey.attempts += 1;
  counts.inFlight += 1;
  journey.visit.enter(account.id, parts.now());
  try {
    const turn = await askAccount(parts, journey, account);
    record.outcome = turn.kind === "served" ? "served" : (turn.failure?.envelope.error.code ?? "no login");
    if (turn.kind === "served") return true;
    counts.failedOver += 1;
    journey.visit.leave(parts.now());
    journey.triedIds.add(account.id);
    if (turn.failure) journey.failures.set(account.id, turn.failure);
    if (turn.refusal) journey.refusals.push(turn.refusal);
    return false;
  } finally {
    counts.inFlight -= 1;
  }
}

async function askAccount(parts: RotationParts, journey: Journey, account: Account): Promise<Turn> {
  const { exchange } = journey;
  const who = { account, facts: exchange.facts };
  const reading = await parts.logins.loginOf(account);
  if (reading.kind === "none") return noLogin(parts, who, reading);
  const first = await attempt(parts, exchange, account, reading.login, false);
  if (first === null) return served;
  if (first.kind === "answer") return await finish(parts, journey, account, first);
  if (first.failure.next !== "refresh") return failed(parts, who, first);
  const renewed = await parts.logins.afterRejection(account, reading.login.accessToken);
  if (renewed.kind === "none") return noLogin(parts, who, renewed);
  const current = parts.pool.accounts.get(account.id) ?? account;
  const second = await attempt(parts, exchange, current, renewed.login, true);
  if (second === null) return served;
  if (second.kind === "answer") return await finish(parts, journey, current, second);
  return failed(parts, { account: current, facts: exchange.facts }, second);
}

interface Who {
  readonly account: Account;
  readonly facts: Exchange["facts"];
}

function noLogin(
  { books }: RotationParts,
  who: Who,
  { why, isIssuerDown }: { why: string; isIssuerDown: boolean },
): Turn {
  if (isIssuerDown) books.noteIssuerDown(who, why);
  else books.noteLoginRefused(who, why);
  return { kind: "next", failure: null };
}

function failed(
  { books }: RotationParts,
  who: Who,
  { failure, response, refusal }: Extract<Attempt, { kind: "failed" }>,
): Turn {
  const limitId = response ? books.noteHeaders(who, response) : undefined;
  books.noteFailure(who, failure, limitId);
  return { kind: "next", failure, refusal };
}

/** Null: the client left meanwhile. */
async function attempt(
  parts: RotationParts,
  exchange: Exchange,
  account: Account,
  login: Login,
  isAfterRefresh: boolean,
): Promise<Attempt | null> {
  const { limits, now: nowMs, upstream } = parts;
  const { route, query, request, body, facts } = exchange;
  const size = body === null ? null : body.size;
  const placed = await placeRequest(parts, { account, login, request, facts, size });
  if (isGone(exchange)) return null;
  if (placed === null) return { kind: "failed", failure: unplaced(nowMs()), response: null };
  const { origin, headers } = placed;
  const path = upstreamPath(route, query);
  const headersMs = route === "compact" ? limits.compactMs : limits.headersMs;
  const sending = upstream.send({ origin, path, method: methodOf(route), headers, body, headersMs });
  const stay = onGone(exchange, () => sending.abort());
  const result = await settleAttempt(sending, { route, nowMs, isAfterRefresh, limits });
  stay();
  if (!isGone(exchange)) return result;
  sending.abort();
  return null;
}

async function finish(
  parts: RotationParts,
  journey: Journey,
  account: Account,
  { response, held, isEventStream, failure }: Extract<Attempt, { kind: "answer" }>,
): Promise<Turn> {
  const { books, ledger } = parts;
  const { exchange } = journey;
  const who = { account, facts: exchange.facts };
  exchange.body?.release();
  parts.conversations.note(exchange.facts, account.id, parts.now());
  books.noteHeaders(who, response);
  if (failure === null) books.noteSuccess(who);
  ledger.noteSessions(exchange.facts.sessionIds);
  if (failure !== null && !isEventStream) {
    showRefusal(exchange, { response, held, isEventStream, failure });
    return served;
  }
  const answering = exchange.wantsDocument && isEventStream ? replyDocument : passOn;
  const relayed = await answering(exchange, response, held, isEventStream);
  const { finalEvent, kind } = relayed;
  if (failure === null) journey.ending = endingOf(relayed, isEventStream);
  if (finalEvent !== null) books.noteEnd(who, finalEvent);
  else if (kind === "cut") books.noteCut(who);
  return served;
}
