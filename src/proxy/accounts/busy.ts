import { minuteMs } from "../../quota/limit.ts";
import type { TurnKey } from "./turns.ts";

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
