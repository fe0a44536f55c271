import { minuteMs } from "../accounts/limit.ts";
import type { FailureClassification } from "../errors/classify.ts";
import { RecentMap } from "./recent-map.ts";

const refusedMs = 10 * minuteMs;

/**
 * Why accounts are passed over, as upstream said it: a request that comes later is told the same as the first one. Not
 * where a model is refused to an account, and why the account failed last.
 */
export class RememberedFailures {
  readonly #refused = new RecentMap<string, { untilMs: number; failure: FailureClassification }>(2000);
  readonly #last = new RecentMap<string, FailureClassification>(2000);

  /** Plans and permissions change, so the account is asked again after a while. */
  refuse(accountId: string, model: string, failure: FailureClassification, nowMs: number): void {
    this.#refused.set(`${accountId} ${model}`, { untilMs: nowMs + refusedMs, failure });
  }

  /** The refusal that keeps the account from serving the model; null when nothing does. */
  refusalOf(accountId: string, model: string | null, nowMs: number): FailureClassification | null {
    const found = this.#refused.get(`${accountId} ${model}`);
    return found !== undefined && found.untilMs > nowMs ? found.failure : null;
  }

  note(accountId: string, failure: FailureClassification): void {
    this.#last.set(accountId, failure);
  }

  /** What the account failed with last; null when it has answered since. */
  lastOf(accountId: string): FailureClassification | null {
    return this.#last.get(accountId) ?? null;
  }

  forget(accountId: string): void {
    this.#last.delete(accountId);
  }
}
