import type { RefreshNeed, RefreshOutcome } from "../../auth/renew/need.ts";
import { isFreshEnough } from "../../auth/renew/outcome.ts";
import { codeInWords } from "../../openai/backend.ts";
import type { Account } from "../../pool/account.ts";
import { flagText, notRenewable } from "../../pool/state.ts";

type Login = Account["login"];
type Renew = (accountId: string, need: RefreshNeed) => Promise<RefreshOutcome>;

export interface LoginContext {
  readonly renew: Renew;
  readonly now: () => number;
  /** The account as the store has it after a renewal. */
  readonly reload: (accountId: string) => Promise<Account | undefined>;
  /** A renewal without which the account cannot serve has failed. Told once, however many requests wait for it. */
  readonly onFailed: (account: Account, failed: FailedRenewal) => void;
}

export interface FailedRenewal {
  readonly kind: "none";
  readonly why: string;
  /** It may be renewed in a moment; false when the login itself has ended. */
  readonly isIssuerDown: boolean;
  /** Nothing could be sent to the issuer. */
  readonly isOffline?: boolean;
  /** When the renewal is tried again; absent where nothing says so. */
  readonly nextMs?: number;
}

/** It cannot serve before it has another token, which is being fetched; or it gets none. */
type Unready = { readonly kind: "renewing" } | FailedRenewal;

export type LoginReading = { readonly kind: "login"; readonly login: Login } | Unready;

type Renewed = { readonly kind: "renewed" } | FailedRenewal;

/** After a renewal that failed while the old token still serves. */
const restMs = 30_000;

/**
 * Access tokens that serve. However many requests want one, each account is renewed once at a time, and beside the
 * requests: another account serves them meanwhile, for a renewal may wait for a Codex that is to renew itself.
 */
export class AccessTokens {
  readonly #ctx: LoginContext;
  readonly #renewals = new Map<string, Promise<Renewed>>();
  /** Of accounts that cannot serve before they have ended. */
  readonly #needed = new Map<string, Promise<void>>();
  /** Accounts whose renewal has just failed, and until when nobody tries it early. */
  readonly #restUntilMs = new Map<string, number>();
  /** Of tokens that do not serve: what their renewal said, and until when no process is started to say so again. */
  readonly #resting = new Map<string, { accessToken: string; nextMs: number; failed: FailedRenewal }>();
  /** Tokens that replaced a refused one, and that nobody has accepted yet. */
  readonly #unproven = new Map<string, string>();

  constructor(ctx: LoginContext) {
    this.#ctx = ctx;
  }

  isRenewing(accountId: string): boolean {
    return this.#renewals.has(accountId);
  }

  /** Accounts that wait for another token, and what they wait for; never rejected. */
  get needed(): ReadonlyMap<string, Promise<void>> {
    return this.#needed;
  }

  /** A token that ends soon still serves, while a new one is fetched beside the request. */
  loginOf(account: Account): LoginReading {
    const { id, login } = account;
    const nowMs = this.#ctx.now();
    const need = { kind: "expiring" } as const;
    if (isFreshEnough(login, need, nowMs)) return { kind: "login", login };
    const isRenewable = login.refreshToken !== "";
    if (this.isAlive(account)) {
      const isResting = nowMs < (this.#restUntilMs.get(id) ?? 0);
      if (isRenewable && !isResting) void this.#renew(account, need);
      return { kind: "login", login };
    }
    if (!isRenewable) return { kind: "none", why: "the access token has ended", isIssuerDown: false };
    return this.#need(account, login.accessToken, need);
  }

  /** Whether its token may still be sent. */
  isAlive({ login }: Account): boolean {
    return login.expiresAtSec === null || login.expiresAtSec * 1000 > this.#ctx.now();
  }

  /** Upstream refused exactly this access token: another one is fetched, unless its renewal rests. */
  reject(account: Account, accessToken: string): Unready {
    return this.#need(account, accessToken, { kind: "rejected", accessToken });
  }

  /** Whether a token that is refused has itself just replaced a refused one. */
  isUnproven(accountId: string, accessToken: string): boolean {
    return this.#unproven.get(accountId) === accessToken;
  }

  /** Upstream took the account's token. */
  noteAccepted(accountId: string): void {
    this.#unproven.delete(accountId);
  }

  /** Renewals that run; none is left behind when the proxy ends. */
  async settled(): Promise<void> {
    await Promise.all(this.#renewals.values());
  }

  #need(account: Account, accessToken: string, need: RefreshNeed): Unready {
    const { id } = account;
    const known = this.#resting.get(id);
    if (known?.accessToken === accessToken && this.#ctx.now() < known.nextMs) return known.failed;
    if (!this.#needed.has(id)) {
      this.#needed.set(id, this.#fetch(account, accessToken, need));
    }
    return { kind: "renewing" };
  }

  async #fetch(account: Account, accessToken: string, need: RefreshNeed): Promise<void> {
    const reading = await this.#renew(account, need);
    this.#needed.delete(account.id);
    if (reading.kind !== "none") return;
    const { nextMs } = reading;
    if (nextMs !== undefined) this.#resting.set(account.id, { accessToken, nextMs, failed: reading });
    this.#ctx.onFailed(account, reading);
  }

  #renew(account: Account, need: RefreshNeed): Promise<Renewed> {
    const running = this.#renewals.get(account.id);
    if (running) return running;
    const renewal = this.#renewed(account, need).then((reading) => {
      this.#renewals.delete(account.id);
      if (reading.kind === "none") this.#restUntilMs.set(account.id, this.#ctx.now() + restMs);
      return reading;
    });
    this.#renewals.set(account.id, renewal);
    return renewal;
  }

  async #renewed({ id }: Account, need: RefreshNeed): Promise<Renewed> {
    try {
      const outcome = await this.#ctx.renew(id, need);
      const account = await this.#ctx.reload(id);
      if (outcome.kind !== "ready" || !account) return missing(outcome);
      if (need.kind === "rejected") this.#unproven.set(id, account.login.accessToken);
      return { kind: "renewed" };
    } catch (error) {
      const why = error instanceof Error ? error.message : "the renewal failed";
      return { kind: "none", why, isIssuerDown: true };
    }
  }
}

function missing(outcome: RefreshOutcome): FailedRenewal {
  if (outcome.kind === "unreachable")
    return {
      kind: "none",
      why: `the login server of OpenAI cannot be reached: ${codeInWords(outcome.code)}`,
      isIssuerDown: true,
      isOffline: true,
    };
  if ("nextAt" in outcome)
    return { kind: "none", why: outcome.why, isIssuerDown: true, nextMs: Date.parse(outcome.nextAt) };
  if (outcome.kind === "left") return { kind: "none", why: "Codex may be renewing it", isIssuerDown: true };
  return { kind: "none", why: whyRefused(outcome), isIssuerDown: false };
}

function whyRefused(outcome: RefreshOutcome): string {
  if (outcome.kind === "flagged") return flagText(outcome.flag.reason);
  return outcome.kind === "not-renewable" ? notRenewable : "the account is gone";
}
