import type { Busy } from "./busy.ts";
import type { Counters } from "./counters.ts";

/** So many failures in a row say more about an account than a stream that still runs. */
const mostInRow = 8;

/**
 * Whether an account serves others while one request of it fails. Of a hundred requests a few fail for reasons of
 * their own; to set the account aside for each of them would hold up all the others.
 */
export class Health {
  readonly #inRow = new Map<string, number>();
  readonly #busy: Busy;
  readonly #counters: Counters;

  constructor(busy: Busy, counters: Counters) {
    this.#busy = busy;
    this.#counters = counters;
  }

  noteSuccess(accountId: string): void {
    this.#inRow.delete(accountId);
  }

  /** Called while the request that failed is still on the account; `servedBefore` counts what was served until it was sent. */
  noteFailure(accountId: string, servedBefore: number): { isServing: boolean } {
    const inRow = (this.#inRow.get(accountId) ?? 0) + 1;
    this.#inRow.set(accountId, inRow);
    const isBusy = this.#busy.requests(accountId) > 1;
    const hasServed = this.#counters.of(accountId).served > servedBefore;
    return { isServing: inRow < mostInRow && (isBusy || hasServed) };
  }
}
