import type { FailureClassification } from "../errors/classify.ts";
import type { Account } from "../pool/account.ts";
import { type Choice, choose } from "./accounts/choose-account.ts";
import { renewalFor } from "./accounts/login-failure.ts";
import type { TurnEnding } from "./accounts/turns.ts";
import { deadPool, noAccountAnswer } from "./answers/no-account-answer.ts";
import type { Relayed } from "./answers/relay.ts";
import { type Exchange, isGone, onGone, reply, unlessGone } from "./door/exchange.ts";
import { Visit } from "./door/request.ts";
import { askAccount } from "./openai/ask-account.ts";
import { type Refusal, showRefusal } from "./openai/attempt.ts";
import { listModels } from "./openai/list-models.ts";
import type { DecisionRecord } from "./options.ts";
import type { RotationParts } from "./parts.ts";

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
  accountId: string | null;
  relayed: Relayed | null;
}

/** What became of a request, for whoever keeps accounts of it. */
export interface Served {
  /** That answered; null when none did. */
  readonly accountId: string | null;
  /** Accounts that were asked. */
  readonly attempts: number;
  /** How upstream's answer reached the client; null when there was none, or it was a refusal. */
  readonly relayed: Relayed | null;
  /** The client left before it had an answer, while an account worked for it. */
  readonly hasLeft: boolean;
}

const extraAttempts = 2;
/** Two accounts that refuse a request in a way that nobody knows are enough: the client is shown what they said. */
const mostRefusals = 2;

/** Ranks, forwards, looks at the beginning, and goes on to the next account until the client has an answer. */
export async function serve(parts: RotationParts, exchange: Exchange): Promise<Served> {
  if (exchange.route === "models") {
    const listed = await listModels(parts, exchange);
    return { ...listed, hasLeft: listed.relayed === null && isGone(exchange) };
  }
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
    accountId: null,
    relayed: null,
  };
  try {
    await travel(parts, journey);
  } finally {
    visit.end(journey.ending, now());
  }
  const { accountId, attempts, relayed } = journey;
  return { accountId, attempts, relayed, hasLeft: relayed === null && isGone(exchange) };
}

async function travel(parts: RotationParts, journey: Journey): Promise<void> {
  const { exchange } = journey;
  for (;;) {
    await parts.pool.settled();
    if (isGone(exchange)) return;
    const choice = chooseFor(parts, journey);
    const record = recordDecision(parts, choice, exchange);
    const { decision } = choice;
    const account = decision.kind === "use" ? parts.pool.accounts.get(decision.accountId) : undefined;
    if (account && journey.attempts < parts.pool.accounts.size + extraAttempts) {
      if (await takeTurn(parts, journey, account, record)) return;
      if (isRefusedEnough(journey)) return showLast(journey);
    } else if (await isRenewed(parts, journey, choice)) {
      record.outcome = "waited for a renewal";
    } else if (decision.kind !== "use" && (await waited(parts, journey, decision.untilMs))) {
      record.outcome = "waited";
    } else if (journey.refusals.length > 0) {
      record.outcome = "the refusal was shown";
      return showLast(journey);
    } else if (await isAskedAnew(parts, journey, choice)) {
      record.outcome = "asked for fresh figures";
    } else {
      record.outcome = "refused";
      return reply(exchange.response, deadAnswer(parts, journey, choice));
    }
  }
}

/** True when an account that nobody can replace has another token now, or gets none. */
async function isRenewed(parts: RotationParts, { exchange, triedIds }: Journey, choice: Choice) {
  const renewal = choice.decision.kind === "use" ? null : renewalFor(parts, choice, triedIds);
  if (renewal === null) return false;
  await unlessGone(exchange, renewal);
  return true;
}

/** True when accounts were asked what they have left: what is known of them may be old. */
async function isAskedAnew({ figures }: RotationParts, { exchange, failures }: Journey, choice: Choice) {
  const questions = choice.decision.kind === "use" ? null : figures.questions(choice, failures);
  if (questions === null) return false;
  await unlessGone(exchange, questions);
  return true;
}

function isRefusedEnough({ refusals }: Journey): boolean {
  return refusals.filter(({ failure }) => failure.next === "another").length >= mostRefusals;
}

function showLast({ exchange, refusals }: Journey): void {
  const last = refusals.at(-1);
  if (last) showRefusal(exchange, last);
}

function chooseFor(parts: RotationParts, { exchange, triedIds, visit }: Journey): Choice {
  const allowed = exchange.pass?.accounts ?? null;
  return choose(parts, { facts: exchange.facts, key: visit.key, triedIds, allowed }, parts.now());
}

function recordDecision(
  { counters, now }: RotationParts,
  { decision, only }: Choice,
  { pass }: Exchange,
): DecisionRecord {
  const { kind } = decision;
  const accountId = decision.kind === "wait" ? null : decision.accountId;
  const reason = only?.reason ?? decision.reason;
  return counters.decide({ atMs: now(), kind, accountId, reason }, pass);
}

function deadAnswer(parts: RotationParts, { exchange, failures }: Journey, choice: Choice) {
  const { facts, pass } = exchange;
  if (choice.reserve) parts.counters.deferred += 1;
  const dead = { choice, failures, facts };
  return pass ? pass.refuse(deadPool(parts, dead)) : noAccountAnswer(parts, dead);
}

/** An account that failed, and was not flagged for it, may be asked again after this. */
const retryMs = 1000;

/** As long as this a refusal that can be shown waits for another account. */
const briefMs = 3000;

/** True when it was worth waiting: an account that comes back, or failed for a moment only, may be tried again. */
async function waited(parts: RotationParts, journey: Journey, untilMs: number | null): Promise<boolean> {
  const { triedIds, holdUntilMs, exchange, refusals } = journey;
  // Who was refused by one account waits for another one, and not for those that have just failed.
  const again = refusals.length > 0 ? [] : [...triedIds].filter((id) => isPassing(journey.failures.get(id)));
  const isBlocked = (id: string) => parts.ledger.availabilityOf(id)?.block;
  const retryAtMs = again.some((id) => !isBlocked(id)) ? parts.now() + retryMs : Infinity;
  const atMs = Math.min(untilMs ?? Infinity, retryAtMs);
  const latestMs = refusals.length > 0 ? Math.min(holdUntilMs, parts.now() + briefMs) : holdUntilMs;
  if (atMs > latestMs) return false;
  await pause(exchange, Math.max(1, atMs - parts.now()));
  for (const id of again) triedIds.delete(id);
  return true;
}

function isPassing(failure: FailureClassification | undefined): boolean {
  return failure === undefined || failure.account === "transient" || failure.account === "limited";
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
    const turn = await askAccount(parts, journey.exchange, account);
    if (turn.kind === "renewing") {
      record.outcome = "waits for another token";
      journey.attempts -= 1;
      journey.visit.leave(parts.now());
      return false;
    }
    record.outcome = turn.kind === "served" ? "served" : turn.failure.envelope.error.code;
    if (turn.kind === "served") {
      journey.ending = turn.ending;
      journey.accountId = account.id;
      journey.relayed = turn.relayed ?? null;
      return true;
    }
    counts.failedOver += 1;
    journey.visit.leave(parts.now());
    journey.triedIds.add(account.id);
    journey.failures.set(account.id, turn.failure);
    if (turn.refusal) journey.refusals.push(turn.refusal);
    return false;
  } finally {
    counts.inFlight -= 1;
  }
}
