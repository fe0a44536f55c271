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
