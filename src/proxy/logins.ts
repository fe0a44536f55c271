import { isFreshEnough } from "../auth/refresh-outcome.ts";
import type { RefreshNeed, RefreshOutcome } from "../auth/refresh-outcome.ts";
import { flagText } from "../auth/usable-login.ts";
import type { Account } from "../store/account.ts";

type Login = Account["login"];
type Renew = (accountId: string, need: RefreshNeed) => Promise<RefreshOutcome>;

export interface LoginEffects {
  readonly renew: Renew;
  readonly now: () => number;
  /** The account as the store has it after a renewal. */
  readonly reload: (accountId: string) => Promise<Account | undefined>;
}

export type LoginReading =
  | { readonly kind: "login"; readonly login: Login }
  | {
      readonly kind: "none";
      readonly why: string;
      /** It may be renewed in a moment; false when the login itself has ended. */
      readonly isIssuerDown: boolean;
      /** Nothing could be sent to the issuer. */
      readonly isOffline?: boolean;
      /** When the renewal is tried again; absent where nothing says so. */
      readonly nextMs?: number;
    };

/** After a renewal that failed while the old token still serves. */
const restMs = 30_000;

/** Access tokens that serve. However many requests want one, each account is renewed once at a time. */
export class Logins {
  readonly #effects: LoginEffects;
  readonly #renewals = new Map<string, Promise<LoginReading>>();
  /** Accounts whose renewal has just failed, and until when nobody tries it early. */
  readonly #restUntilMs = new Map<string, number>();
  readonly #resting = new Map<string, { accessToken: string; nextMs: number; reading: LoginReading }>();

  constructor(effects: LoginEffects) {
    this.#effects = effects;
  }

  isRenewing(accountId: string): boolean {
    return this.#renewals.has(accountId);
  }

  /** A token that ends soon still serves, while a new one is fetched beside the request. */
  async loginOf(account: Account): Promise<LoginReading> {
    const { login } = account;
    const need = { kind: "expiring" } as const;
    if (isFreshEnough(login, need, this.#effects.now())) return { kind: "login", login };
    const nowMs = this.#effects.now();
    const isAlive = login.expiresAtSec === null || login.expiresAtSec * 1000 > nowMs;
    const isResting = isAlive && nowMs < (this.#restUntilMs.get(account.id) ?? 0);
    const renewal = login.refreshToken === "" || isResting ? null : this.#renew(account, need);
    if (isAlive) return { kind: "login", login };
    return renewal ?? { kind: "none", why: "the access token has ended", isIssuerDown: false };
  }

  /** Upstream refused exactly this access token. While its renewal rests, no process is started to say so again. */
  async afterRejection(account: Account, accessToken: string): Promise<LoginReading> {
    const known = this.#resting.get(account.id);
    if (known?.accessToken === accessToken && this.#effects.now() < known.nextMs) return known.reading;
    const reading = await this.#renew(account, { kind: "rejected", accessToken });
    if (reading.kind === "none" && reading.nextMs !== undefined)
      this.#resting.set(account.id, { accessToken, nextMs: reading.nextMs, reading });
    return reading;
  }

  /** Renewals that run; none is left behind when the proxy ends. */
  async settled(): Promise<void> {
    await Promise.all(this.#renewals.values());
  }

  #renew(account: Account, need: RefreshNeed): Promise<LoginReading> {
    const running = this.#renewals.get(account.id);
    if (running) return running;
    const renewal = this.#renewed(account, need).then((reading) => {
      this.#renewals.delete(account.id);
      if (reading.kind === "none") this.#restUntilMs.set(account.id, this.#effects.now() + restMs);
      return reading;
    });
    this.#renewals.set(account.id, renewal);
    return renewal;
  }

  async #renewed({ id }: Account, need: RefreshNeed): Promise<LoginReading> {
    try {
      const outcome = await this.#effects.renew(id, need);
      const account = await this.#effects.reload(id);
      if (outcome.kind === "ready" && account) return { kind: "login", login: account.login };
      return missing(outcome);
    } catch (error) {
      const why = error instanceof Error ? error.message : "the renewal failed";
      return { kind: "none", why, isIssuerDown: true };
    }
  }
}

function missing(outcome: RefreshOutcome): LoginReading {
  if (outcome.kind === "unreachable")
    return {
      kind: "none",
      why: `the issuer cannot be reached (${outcome.code})`,
      isIssuerDown: true,
      isOffline: true,
    };
  if ("nextAt" in outcome)
    return { kind: "none", why: outcome.why, isIssuerDown: true, nextMs: Date.parse(outcome.nextAt) };
  return { kind: "none", why: whyRefused(outcome), isIssuerDown: false };
}

function whyRefused(outcome: RefreshOutcome): string {
  if (outcome.kind === "flagged") return flagText(outcome.flag.reason);
  return outcome.kind === "not-renewable" ? "there is no refresh token" : "the account is gone";
}
