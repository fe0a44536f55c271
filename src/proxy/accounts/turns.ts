import { type Limit, minuteMs } from "../../quota/limit.ts";
import { noTurnCosts, turnNeed, withEndedTurn, withReport } from "../../quota/rank.ts";
import { field } from "../../text/json.ts";
import type { Relayed } from "../answers/relay.ts";

/** A conversation; or, for a client that names none, one request of it. */
export type TurnKey = string | object;

/** How a request of a turn ended: with a call of a tool, with an answer, or without one. */
export type TurnEnding = "tool" | "answer" | "failed";

/** Of a stream that ended with an event of this type. */
export function endingBy(type: unknown, asksForTool: boolean): TurnEnding {
  if (type !== "response.completed" && type !== "response.incomplete") return "failed";
  return asksForTool ? "tool" : "answer";
}

/** Of an answer that was passed on. */
export function endingOf({ kind, finalEvent, asksForTool }: Relayed, isEventStream: boolean): TurnEnding {
  if (isEventStream) return endingBy(field(finalEvent, "type"), asksForTool);
  return kind === "whole" ? "answer" : "failed";
}

const toolMs = 2 * minuteMs;

/** The turns that run: those with a request in flight, and those whose tool works for the client. */
export class Turns {
  readonly #flying = new Map<TurnKey, { requests: number; isTool: boolean }>();
  /** Until when each one is waited for; the first ends first. */
  readonly #waiting = new Map<string, number>();
  #costs = noTurnCosts;

  /** What a turn costs, in short windows of a Plus account. */
  get need(): number {
    return turnNeed(this.#costs);
  }

  begin(key: TurnKey): void {
    if (typeof key === "string") this.#waiting.delete(key);
    const flying = this.#flying.get(key);
    if (flying) flying.requests += 1;
    else this.#flying.set(key, { requests: 1, isTool: false });
  }

  end(key: TurnKey, ending: TurnEnding, nowMs: number): void {
    const flying = this.#flying.get(key);
    if (!flying) return;
    flying.requests -= 1;
    flying.isTool ||= ending === "tool";
    if (ending === "answer") this.#costs = withEndedTurn(this.#costs);
    if (flying.requests > 0) return;
    this.#flying.delete(key);
    if (flying.isTool && typeof key === "string") this.#waiting.set(key, nowMs + toolMs);
  }

  isRunning(key: TurnKey, nowMs: number): boolean {
    this.#forget(nowMs);
    return this.#flying.has(key) || (typeof key === "string" && this.#waiting.has(key));
  }

  /** How many turns run beside this one. */
  others(key: TurnKey, nowMs: number): number {
    const own = this.isRunning(key, nowMs) ? 1 : 0;
    return this.#flying.size + this.#waiting.size - own;
  }

  /** When all that run count as ended, if nothing more is heard of them. */
  quietAtMs(nowMs: number): number {
    const last = [...this.#waiting.values()].at(-1) ?? nowMs;
    return this.#flying.size > 0 ? nowMs + toolMs : last;
  }

  /** An account was seen to have used so much. */
  noteReport(plan: string | null, before: readonly Limit[], after: readonly Limit[]): void {
    this.#costs = withReport(this.#costs, plan, before, after);
  }

  #forget(nowMs: number): void {
    for (const [key, untilMs] of this.#waiting) {
      if (untilMs > nowMs) return;
      this.#waiting.delete(key);
    }
  }
}

const hotMs = 10 * minuteMs;

interface Load {
  requests: number;
  /** When each conversation was there last; the first was there longest ago. */
  readonly recent: Map<TurnKey, number>;
  /** How many requests of each are there now. */
  readonly flying: Map<TurnKey, number>;
}

/**
 * Conversations by account. A conversation counts from the moment an account was chosen for it: requests that come
 * together would else all find the same account idle.
 */
export class Busy {
  readonly #loads = new Map<string, Load>();

  book(accountId: string, key: TurnKey, nowMs: number): void {
    const load = this.#loadOf(accountId);
    touch(load.recent, key, nowMs);
    load.requests += 1;
    load.flying.set(key, (load.flying.get(key) ?? 0) + 1);
  }

  /** `isServed`: the conversation is at home there now; else it was there for nothing. */
  release(accountId: string, key: TurnKey, isServed: boolean, nowMs: number): void {
    const load = this.#loadOf(accountId);
    const { recent, flying } = load;
    load.requests -= 1;
    const left = (flying.get(key) ?? 0) - 1;
    if (left > 0) flying.set(key, left);
    else flying.delete(key);
    if (isServed && typeof key === "string") touch(recent, key, nowMs);
    else if (left <= 0) recent.delete(key);
  }

  /** The conversation is at home elsewhere now. */
  leave(accountId: string, key: TurnKey): void {
    const { recent, flying } = this.#loadOf(accountId);
    if (!flying.has(key)) recent.delete(key);
  }

  /** How many conversations use the account beside this one. */
  others(accountId: string, key: TurnKey, nowMs: number): number {
    const load = this.#loadOf(accountId);
    forget(load, nowMs);
    return load.recent.size - (load.recent.has(key) ? 1 : 0);
  }

  /** Requests that are on the account now. */
  requests(accountId: string): number {
    return this.#loadOf(accountId).requests;
  }

  #loadOf(accountId: string): Load {
    const known = this.#loads.get(accountId);
    if (known) return known;
    const load: Load = { requests: 0, recent: new Map(), flying: new Map() };
    this.#loads.set(accountId, load);
    return load;
  }
}

function touch(map: Map<TurnKey, number>, key: TurnKey, nowMs: number): void {
  map.delete(key);
  map.set(key, nowMs);
}

/** A stream may last longer than anybody is remembered. */
function forget({ recent, flying }: Load, nowMs: number): void {
  for (const [key, lastMs] of recent) {
    if (nowMs - lastMs <= hotMs) return;
    if (flying.has(key)) touch(recent, key, nowMs);
    else recent.delete(key);
  }
}
