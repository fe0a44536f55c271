import type { FailureClassification } from "../../errors/classify.ts";
import { type Choice, choose } from "../accounts/choose-account.ts";
import { loginFailure, renewalFor } from "../accounts/login-failure.ts";
import { deadPool, noAccountAnswer } from "../answers/no-account-answer.ts";
import type { Relayed } from "../answers/relay.ts";
import { type Exchange, isGone, passOn, reply, unlessGone } from "../door/exchange.ts";
import { Visit } from "../door/request.ts";
import type { RotationParts } from "../parts.ts";
import { attempt } from "./ask-account.ts";
import { type Refusal, showRefusal } from "./attempt.ts";

/** Which account listed the models; null when none did. */
export interface Listed {
  readonly accountId: string | null;
  readonly attempts: number;
  readonly relayed: Relayed | null;
}

/**
 * Lists the models as the first account that answers does. A list takes nothing of a quota: no limit, reserve or
 * cooldown keeps an account from it, and neither an answer nor a failure is written down.
 */
export async function listModels(parts: RotationParts, exchange: Exchange): Promise<Listed> {
  const visit = new Visit({ ...parts, conversation: exchange.facts.conversation, isTurn: false });
  const listed = await listBy(parts, exchange, visit);
  visit.end(listed.accountId === null ? "failed" : "answer", parts.now());
  return listed;
}

async function listBy(parts: RotationParts, exchange: Exchange, visit: Visit): Promise<Listed> {
  const failures = new Map<string, FailureClassification>();
  const refusals: Refusal[] = [];
  let mayWait = true;
  for (;;) {
    await parts.pool.settled();
    if (isGone(exchange)) return { accountId: null, attempts: failures.size, relayed: null };
    const choice = chooseAny(parts, exchange, visit);
    const account = nextAccount(parts, choice, failures);
    if (account !== null) {
      visit.enter(account.id, parts.now());
      const asked = await ask(parts, exchange, account);
      if (!("failure" in asked))
        return { accountId: account.id, attempts: failures.size + 1, relayed: asked.relayed };
      visit.leave(parts.now());
      failures.set(account.id, asked.failure);
      if (asked.refusal) refusals.push(asked.refusal);
      continue;
    }
    const renewal = mayWait ? renewalFor(parts, choice, new Set()) : null;
    mayWait = false;
    if (renewal === null) {
      tellFailure(parts, exchange, { choice, failures, refusal: refusals.at(-1) });
      return { accountId: null, attempts: failures.size, relayed: null };
    }
    await unlessGone(exchange, renewal);
    failures.clear();
  }
}

function chooseAny(parts: RotationParts, { facts, pass }: Exchange, { key }: Visit): Choice {
  const wanted = { facts, key, triedIds: new Set<string>(), allowed: pass?.accounts ?? null };
  return choose(parts, wanted, parts.now());
}

/** The best that has not failed yet, limited or not; null when only those are left that take no part at all. */
function nextAccount({ pool }: RotationParts, { ranking }: Choice, failures: ReadonlyMap<string, unknown>) {
  const next = ranking.ranked.find(({ id, tier }) => tier !== "unusable" && !failures.has(id));
  return (next && pool.accounts.get(next.id)) ?? null;
}

type Asked =
  | { readonly relayed: Relayed | null }
  | { readonly failure: FailureClassification; readonly refusal?: Refusal | undefined };

type Account = NonNullable<ReturnType<typeof nextAccount>>;

async function ask(parts: RotationParts, exchange: Exchange, account: Account): Promise<Asked> {
  const { accessTokens, bookkeeper, limits, now } = parts;
  const reading = accessTokens.loginOf(account);
  if (reading.kind !== "login") return { failure: waiting(reading, now()) };
  const tried = await attempt(parts, exchange, bookkeeper.ask(account, exchange.facts), reading.login);
  if (tried === null) return { relayed: null };
  if (tried.kind === "failed") {
    // Another account lists them meanwhile.
    if (tried.failure.next === "refresh") accessTokens.reject(account, reading.login.accessToken);
    return tried;
  }
  const { response, held, isEventStream, failure } = tried;
  if (failure !== null) {
    showRefusal(exchange, { response, held, isEventStream, failure });
    return { relayed: null };
  }
  accessTokens.noteAccepted(account.id);
  const own = exchange.pass?.answering ?? exchange.answering ?? null;
  if (own) return { relayed: await own(exchange, response, held, isEventStream) };
  return { relayed: await passOn(exchange, response, { held, isEventStream, idleMs: limits.idleMs }) };
}

function waiting(
  reading: Exclude<ReturnType<RotationParts["accessTokens"]["loginOf"]>, { kind: "login" }>,
  nowMs: number,
) {
  const none = { kind: "none", why: "another token is being fetched", isIssuerDown: true } as const;
  return loginFailure(reading.kind === "renewing" ? none : reading, nowMs);
}

interface Failed {
  readonly choice: Choice;
  readonly failures: ReadonlyMap<string, FailureClassification>;
  readonly refusal: Refusal | undefined;
}

function tellFailure(parts: RotationParts, exchange: Exchange, { choice, failures, refusal }: Failed): void {
  if (refusal) return showRefusal(exchange, refusal);
  const { facts, pass, response } = exchange;
  const dead = { choice, failures, facts };
  reply(response, pass ? pass.refuse(deadPool(parts, dead)) : noAccountAnswer(parts, dead));
}
