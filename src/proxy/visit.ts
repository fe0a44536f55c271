import type { Busy } from "./busy.ts";
import type { TurnEnding, TurnKey, Turns } from "./turns.ts";

export interface VisitOptions {
  readonly busy: Busy;
  readonly turns: Turns;
  /** Null when the client names none: then nothing ties its requests together. */
  readonly conversation: string | null;
  /** Of what is no part of a turn (a list of models), only the account is busy with it. */
  readonly isTurn: boolean;
}

/** One request of a client, as the choices for the others see it: on which account it is, and whose turn runs. */
export class Visit {
  readonly key: TurnKey;
  readonly #options: VisitOptions;
  #accountId: string | null = null;
  #isRunning = false;

  constructor(options: VisitOptions) {
    this.#options = options;
    this.key = options.conversation ?? this;
  }

  /** An account was chosen for it. */
  enter(accountId: string, nowMs: number): void {
    const { busy, turns, isTurn } = this.#options;
    this.#accountId = accountId;
    busy.book(accountId, this.key, nowMs);
    if (isTurn && !this.#isRunning) turns.begin(this.key);
    this.#isRunning = true;
  }

  /** The account failed; the turn goes on with the next one. */
  leave(nowMs: number): void {
    this.#release(false, nowMs);
  }

  /** The client has its answer, or none will come. */
  end(ending: TurnEnding, nowMs: number): void {
    const { turns, isTurn } = this.#options;
    this.#release(ending !== "failed", nowMs);
    if (isTurn && this.#isRunning) turns.end(this.key, ending, nowMs);
    this.#isRunning = false;
  }

  #release(isServed: boolean, nowMs: number): void {
    if (this.#accountId !== null) this.#options.busy.release(this.#accountId, this.key, isServed, nowMs);
    this.#accountId = null;
  }
}
