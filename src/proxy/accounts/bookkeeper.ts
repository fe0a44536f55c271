import type { IncomingMessage } from "node:http";
import { classifyFailure, type FailureClassification } from "../../errors/classify.ts";
import { namesLoginEnd } from "../../errors/failure-rules.ts";
import { parseRateLimitEvent, parseRateLimitHeaders } from "../../openai/rate-limits.ts";
import type { Account } from "../../pool/account.ts";
import { exhaustedUntilMs, type Failure, failureOf } from "../../quota/availability.ts";
import type { Limit } from "../../quota/limit.ts";
import type { PoolStore } from "../../store/pool-store.ts";
import { field, readNumber, readText } from "../../text/json.ts";
import type { RequestFacts } from "../door/request-facts.ts";
import type { Conversations } from "./conversations.ts";
import type { Counters, Health } from "./counters.ts";
import type { Ledger } from "./ledger.ts";
import type { Models, RememberedFailures } from "./models.ts";
import type { Turns } from "./turns.ts";

export interface BooksOptions {
  readonly store: PoolStore;
  readonly now: () => number;
  readonly ledger: Ledger;
  readonly conversations: Conversations;
  readonly turns: Turns;
  readonly models: Models;
  readonly remembered: RememberedFailures;
  readonly counters: Counters;
  readonly health: Health;
  readonly poolSize: () => number;
  /** The account has answered well. */
  readonly onServed: (accountId: string) => void;
}

/** A request that is on an account. */
export interface Asked {
  readonly account: Account;
  readonly facts: RequestFacts;
  /** What the account had served when the request was sent, and then the request itself. */
  servedBefore: number;
}

/** Writes down what answers say: about limits, about accounts, about who owns which conversation. */
export class Bookkeeper {
  readonly #options: BooksOptions;
  readonly #flagging = new Set<Promise<void>>();
  readonly #reports = new Map<string, { text: string; atMs: number; limitId: string | null }>();

  constructor(options: BooksOptions) {
    this.#options = options;
  }

  /** A request is sent to an account. */
  ask(account: Account, facts: RequestFacts): Asked {
    return { account, facts, servedBefore: this.#options.counters.of(account.id).served };
  }

  /** The headers of any answer, good or bad. */
  noteHeaders({ account, facts }: Asked, { headers }: IncomingMessage): string | undefined {
    const { models, conversations } = this.#options;
    const turnState = headers["x-codex-turn-state"];
    if (typeof turnState === "string") conversations.ownTurnState(facts, turnState, account.id);
    const limitId = this.#noteReport(account, headers);
    models.noteLimit(facts.model, limitId);
    return limitId ?? undefined;
  }

  /** The limit that the request counts against. A report that says what it said a moment ago is not read again. */
  #noteReport(account: Account, headers: IncomingMessage["headers"]): string | null {
    const { ledger, now } = this.#options;
    const text = quotaText(headers);
    const last = this.#reports.get(account.id);
    const isBlocked = (ledger.availabilityOf(account.id)?.block ?? null) !== null;
    if (last?.text === text && now() - last.atMs < sameReportMs && !isBlocked) return last.limitId;
    const { limits, activeLimitId } = parseRateLimitHeaders(quotaPairs(text), now());
    this.noteLimits(account, limits);
    this.#reports.set(account.id, { text, atMs: now(), limitId: activeLimitId });
    return activeLimitId;
  }

  /** What an account has used by now, whoever told it. */
  noteLimits(account: Account, limits: readonly Limit[]): void {
    const { ledger, turns } = this.#options;
    const { id } = account;
    const before = ledger.limitsOf(id);
    ledger.noteLimits(id, limits);
    turns.noteReport(ledger.planOf(account), before, ledger.limitsOf(id));
  }

  /** The account refused or did not answer. */
  noteFailure(asked: Asked, failure: FailureClassification, limitId?: string): void {
    const { account, facts } = asked;
    const { remembered, counters, now } = this.#options;
    const { code, message } = failure.envelope.error;
    const { id } = account;
    counters.fail(id, { atMs: now(), code, message });
    if (failure.account === "fine") return;
    if (failure.account === "entitlement") {
      if (facts.model !== null) remembered.refuse(id, facts.model, failure, now());
      return;
    }
    remembered.note(id, failure);
    const booked = this.#failureOf(id, failure, limitId);
    if (booked) this.#book(asked, booked);
    if (isFinal(failure)) this.#flag(account, failure);
  }

  #book({ account: { id }, facts, servedBefore }: Asked, failure: Failure): void {
    const { ledger, models, health, now, poolSize } = this.#options;
    const { isServing } = health.noteFailure(id, servedBefore);
    if (failure.kind !== "slow-down")
      return ledger.noteFailure(id, failure, { poolSize: poolSize(), isServing });
    // A word without a time is no reason to stop while other requests succeed.
    if (failure.retryAfterMs !== null || !isServing)
      models.slowDown(id, facts.model, failure.retryAfterMs, now());
  }

  /** Without an access token nothing was asked; `failure` is what `loginFailure` says. */
  noteNoLogin({ id }: Account, failure: FailureClassification): void {
    const { counters, ledger, remembered, now, poolSize } = this.#options;
    const { code, message } = failure.envelope.error;
    counters.fail(id, { atMs: now(), code, message });
    remembered.note(id, failure);
    const kind = failure.account === "reauth" ? "auth" : "upstream";
    ledger.noteFailure(id, { kind }, { poolSize: poolSize() });
  }

  /** How a stream ended: tokens, the owner of the answer, or a failure that came after the first visible byte. */
  noteEnd(asked: Asked, finalEvent: object): void {
    const type = readText(field(finalEvent, "type"));
    // An answer that was cut by its own length has cost its tokens too.
    if (type === "response.completed" || type === "response.incomplete")
      return this.#noteCompleted(asked, field(finalEvent, "response"));
    const failure = classifyFailure(finalEvent, this.#options.now());
    if (failure.next !== "surface") this.noteFailure(asked, failure);
  }

  /** Limits that are told inside a WebSocket. */
  noteEvent({ account }: Asked, event: unknown): void {
    this.noteLimits(account, parseRateLimitEvent(event, this.#options.now())?.limits ?? []);
  }

  /** The connection was lost after the first visible byte. */
  noteCut(asked: Asked): void {
    const cut = new Error("The connection to OpenAI was lost in the middle of an answer.");
    this.noteFailure(asked, classifyFailure(cut, this.#options.now(), { stage: "stream" }));
  }

  noteSuccess(asked: Asked): void {
    const { ledger, counters, health, models, remembered, onServed } = this.#options;
    const { id } = asked.account;
    onServed(id);
    remembered.forget(id);
    ledger.noteSuccess(id);
    counters.serve(id);
    health.noteSuccess(id);
    models.noteSuccess(id, asked.facts.model);
    asked.servedBefore += 1;
  }

  /** Flags that are still being written. */
  async settled(): Promise<void> {
    await Promise.all(this.#flagging);
  }

  #noteCompleted({ account, facts }: Asked, response: unknown): void {
    const { conversations, counters } = this.#options;
    const id = readText(field(response, "id"));
    if (id !== null) conversations.ownResponse(facts, id, account.id);
    const usage = field(response, "usage");
    counters.addTokens(account.id, {
      input: readNumber(field(usage, "input_tokens")) ?? 0,
      cachedInput: readNumber(field(field(usage, "input_tokens_details"), "cached_tokens")) ?? 0,
      output: readNumber(field(usage, "output_tokens")) ?? 0,
    });
  }

  #failureOf(accountId: string, failure: FailureClassification, limitId: string | undefined) {
    const { ledger, now } = this.#options;
    const { kind, resetsAtSec, retryAfterMs } = failure;
    if (kind === "network") return { kind: "upstream" } as const;
    if (failure.account === "deactivated") return { kind: "auth" } as const;
    const saidMs = resetsAtSec === undefined ? null : resetsAtSec * 1000;
    const resetsAtMs = saidMs ?? exhaustedUntilMs(ledger.limitsOf(accountId), now(), limitId);
    const limit = limitId === undefined ? {} : { limitId };
    return failureOf(kind, { resetsAtMs, retryAfterMs: retryAfterMs ?? null, ...limit });
  }

  /** Beside the request: the account is out of the ranking already. */
  #flag(account: Account, failure: FailureClassification): void {
    const { store, now } = this.#options;
    const { accessToken } = account.login;
    const reason = failure.account === "deactivated" ? "deactivated" : "rejected";
    const evidence = `HTTP ${failure.diagnostics.httpStatus ?? failure.status} ${failure.envelope.error.code}`;
    const flagging = store
      .transaction("rotation", ({ pool }) => {
        const current = pool.accounts.find(({ id }) => id === account.id);
        // What was said about an old token says nothing about the one that came meanwhile.
        if (!current || current.flag || current.login.accessToken !== accessToken) return;
        current.flag = { reason, since: new Date(now()).toISOString(), evidence };
      })
      .catch(() => undefined)
      .finally(() => this.#flagging.delete(flagging));
    this.#flagging.add(flagging);
  }
}

/** As long as limits.json is written anyway. */
const sameReportMs = 1000;

/** Those that speak of limits: the `x-` headers, a line each. */
function quotaText(headers: IncomingMessage["headers"]): string {
  let text = "";
  for (const name in headers) {
    const value = headers[name];
    if (
      name.startsWith("x-") &&
      name !== "x-codex-turn-state" &&
      typeof value === "string" &&
      !name.endsWith("-id")
    )
      text += `${name}:${value}\n`;
  }
  return text;
}

/** No name holds a colon, no value a line end. */
function quotaPairs(text: string): [name: string, value: string][] {
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1)];
  });
}

/** Upstream named the login's end. A 401 after a renewal may be upstream's own trouble, so that is a cooldown. */
function isFinal({ account, kind, envelope }: FailureClassification): boolean {
  return account === "deactivated" || (kind === "reauth" && namesLoginEnd(envelope.error.code));
}
