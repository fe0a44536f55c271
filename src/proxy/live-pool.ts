import type { Account } from "../store/account.ts";
import type { Store } from "../store/store.ts";
import { KnownTokens } from "./known-tokens.ts";

export interface LivePoolOptions {
  readonly store: Store;
  readonly pollMs: number;
  readonly now: () => number;
  /** The accounts were read anew; `renewed` are the ids of those that have another access token now. */
  readonly onAccounts: (renewed: readonly string[]) => void;
  readonly onUsage: () => void;
}

/**
 * The accounts as the store has them, without a look at the disk in the path of a request: the system tells when the
 * pool was replaced, and whatever it told before a request came is read before that request is served. Where the
 * system does not tell, `pollMs` is the bound.
 */
export class LivePool {
  accounts: ReadonlyMap<string, Account> = new Map();
  /** Why the store could not be read the last time; the accounts are then the ones read before. */
  problem: unknown = null;
  readonly tokens = new KnownTokens();
  readonly #options: LivePoolOptions;
  #lastAskedMs = -Infinity;
  #reading: Promise<void> | null = null;
  #isOutdated = false;
  #tick: Promise<void> | null = null;
  #stopWatching = (): void => undefined;

  constructor(options: LivePoolOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { store, pollMs, onUsage } = this.#options;
    this.#stopWatching = store.watch({
      pollMs,
      onChange: (change) => (change === "accounts" ? void this.reload() : onUsage()),
    });
    await this.reload();
    onUsage();
    if (this.problem !== null) throw this.problem;
  }

  stop(): void {
    this.#stopWatching();
  }

  /** Resolves when every change that was told by now has been read. */
  async settled(): Promise<void> {
    // Notices that came together with the request are handed out before the next turn of the event loop.
    this.#tick ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#tick = null;
        resolve();
      });
    });
    await this.#tick;
    if (this.#reading) await this.#reading;
  }

  /** Reads the accounts for somebody who is not let in yet, and so not more often than every `pollMs`. */
  async reloadSeldom(nowMs: number): Promise<void> {
    if (nowMs - this.#lastAskedMs < this.#options.pollMs) return;
    this.#lastAskedMs = nowMs;
    await this.reload();
  }

  /** Reads the accounts now; a call while that runs makes it run once more. */
  async reload(): Promise<void> {
    this.#isOutdated = true;
    this.#reading ??= this.#readAll().finally(() => (this.#reading = null));
    await this.#reading;
  }

  async #readAll(): Promise<void> {
    while (this.#isOutdated) {
      this.#isOutdated = false;
      try {
        const { pool } = await this.#options.store.read();
        this.#replace(pool.accounts);
        this.problem = null;
      } catch (error) {
        this.problem = error;
      }
    }
  }

  #replace(accounts: readonly Account[]): void {
    const before = this.accounts;
    this.tokens.note(accounts, this.#options.now());
    this.accounts = new Map(accounts.map((account) => [account.id, account]));
    const renewed = accounts.filter(({ id, login }) => {
      const known = before.get(id);
      return known !== undefined && known.login.accessToken !== login.accessToken;
    });
    this.#options.onAccounts(renewed.map(({ id }) => id));
  }
}
