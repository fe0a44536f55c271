import type { FailureClassification } from "../../errors/classify.ts";
import { backoffMs, type Block, transientBlock } from "../../quota/block.ts";
import { minuteMs } from "../../quota/limit.ts";
import { RecentMap } from "./conversations.ts";

interface Hold {
  readonly accountId: string;
  readonly model: string | null;
  readonly block: Block;
  /** Times in a row that the account asked to slow down for the model. */
  readonly count: number;
}

/** What answers have shown about models: the limit that a model counts against, and who must wait. */
export class Models {
  readonly #limits = new RecentMap<string, string>(200);
  readonly #holds = new RecentMap<string, Hold>(2000);

  noteLimit(model: string | null, limitId: string | null): void {
    if (model !== null && limitId !== null && this.#limits.get(model) !== limitId)
      this.#limits.set(model, limitId);
  }

  limitOf(model: string | null): string | undefined {
    return model === null ? undefined : this.#limits.get(model);
  }

  /** Asked to slow down: rates are counted by model, so the account's other models go on. */
  slowDown(accountId: string, model: string | null, forMs: number | null, nowMs: number): void {
    const key = `${accountId} ${model}`;
    const count = this.#holds.get(key)?.count ?? 0;
    const block = transientBlock(nowMs, forMs ?? backoffMs(count));
    this.#holds.set(key, { accountId, model, block, count: count + 1 });
  }

  /** The account serves the model: its next wait is a short one again. */
  noteSuccess(accountId: string, model: string | null): void {
    const key = `${accountId} ${model}`;
    const hold = this.#holds.get(key);
    if (hold !== undefined && hold.count > 0) this.#holds.set(key, { ...hold, count: 0 });
  }

  holdOf(accountId: string, model: string | null): Block | null {
    return this.#holds.get(`${accountId} ${model}`)?.block ?? null;
  }

  /** What holds for some model of the account now; of several the longest. */
  longestHold(accountId: string, nowMs: number): { model: string | null; untilMs: number } | null {
    let longest: { model: string | null; untilMs: number } | null = null;
    for (const { model, block, ...hold } of this.#holds.values()) {
      const { untilMs } = block;
      if (hold.accountId !== accountId || untilMs <= Math.max(nowMs, longest?.untilMs ?? 0)) continue;
      longest = { model, untilMs };
    }
    return longest;
  }
}

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
