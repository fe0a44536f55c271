import { isExhausted } from "../../auth/probe/probe.ts";
import { parseUsagePayload } from "../../openai/usage-payload.ts";
import type { Account } from "../../pool/account.ts";
import { exhaustedUntilMs } from "../../quota/availability.ts";
import { canServe } from "../../quota/candidate.ts";
import { type Limit, minuteMs } from "../../quota/limit.ts";
import { askBackend, type BackendQuestions } from "../openai/workspace-origin.ts";
import type { Choice } from "./choose-account.ts";
import type { AccessTokens } from "./access-tokens.ts";

export interface FiguresOptions extends BackendQuestions {
  readonly now: () => number;
  readonly accounts: () => ReadonlyMap<string, Account>;
  readonly accessTokens: Pick<AccessTokens, "loginOf" | "needed">;
  readonly noteLimits: (account: Account, limits: readonly Limit[]) => void;
}

const askedEveryMs = minuteMs;

/**
 * Asks how much accounts have left before somebody is refused for figures that may be old: limits are sometimes reset
 * early, and an account that is not asked tells nothing.
 */
export class FreshFigures {
  readonly #options: FiguresOptions;
  readonly #askedAtMs = new Map<string, number>();
  readonly #asking = new Map<string, Promise<void>>();

  constructor(options: FiguresOptions) {
    this.#options = options;
  }

  /** The accounts whose figures decide that a request is refused, and that have not just answered it themselves. */
  questions({ ranking, reserve }: Choice, answeredIds: { has(id: string): boolean }): Promise<void> | null {
    const deciding = ranking.ranked.filter(
      (each) =>
        (each.tier === "blocked" && each.block?.kind === "exhausted") || (reserve !== null && canServe(each)),
    );
    const asked = deciding.flatMap(({ id }) => (answeredIds.has(id) ? [] : (this.#question(id) ?? [])));
    return asked.length === 0 ? null : Promise.all(asked).then(() => undefined);
  }

  /** Null: it was asked a moment ago. */
  #question(id: string): Promise<void> | null {
    const { now } = this.#options;
    const running = this.#asking.get(id);
    if (running) return running;
    if (now() - (this.#askedAtMs.get(id) ?? -Infinity) < askedEveryMs) return null;
    this.#askedAtMs.set(id, now());
    const question = this.#ask(id).finally(() => this.#asking.delete(id));
    this.#asking.set(id, question);
    return question;
  }

  async #ask(id: string): Promise<void> {
    const { now, noteLimits } = this.#options;
    const account = await this.#readyAccount(id);
    if (account === null) return;
    const { payload } = await askBackend(this.#options, "usage", account.login);
    const usage = parseUsagePayload(payload, now());
    if (usage === null) return;
    // Where the percents do not tell that nothing more is allowed, they lift no block.
    if (isExhausted(usage) && exhaustedUntilMs(usage.limits, now()) === null) return;
    noteLimits(account, usage.limits);
  }

  /** With a token that may be sent; null when it has none. */
  async #readyAccount(id: string): Promise<Account | null> {
    const { accessTokens, accounts } = this.#options;
    const known = accounts().get(id);
    if (known && accessTokens.loginOf(known).kind === "renewing") await accessTokens.needed.get(id);
    const account = accounts().get(id);
    return account && accessTokens.loginOf(account).kind === "login" ? account : null;
  }
}
