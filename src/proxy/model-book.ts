import { minuteMs } from "../accounts/limit.ts";
import { RecentMap } from "./recent-map.ts";

const excludedMs = 10 * minuteMs;

/** What answers have shown about models: the limit that a model counts against, and who may not use it. */
export class ModelBook {
  readonly #limits = new RecentMap<string, string>(200);
  readonly #excluded = new RecentMap<string, { untilMs: number; why: string }>(2000);

  noteLimit(model: string | null, limitId: string | null): void {
    if (model !== null && limitId !== null && this.#limits.get(model) !== limitId)
      this.#limits.set(model, limitId);
  }

  limitOf(model: string | null): string | undefined {
    return model === null ? undefined : this.#limits.get(model);
  }

  /** Plans and permissions change, so the account is asked again after a while. */
  exclude(accountId: string, model: string | null, why: string, nowMs: number): void {
    this.#excluded.set(`${accountId} ${model}`, { untilMs: nowMs + excludedMs, why });
  }

  whyExcluded(accountId: string, model: string | null, nowMs: number): string | null {
    const found = this.#excluded.get(`${accountId} ${model}`);
    return found !== undefined && found.untilMs > nowMs ? found.why : null;
  }
}
