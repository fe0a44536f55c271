import { createHash } from "node:crypto";
import type { Account } from "../../pool/account.ts";
import type { PoolStore } from "../../store/pool-store.ts";

interface Known {
  readonly accountId: string;
  /** Null: the token does not say when it ends. */
  readonly endsAtMs: number | null;
}

/**
 * The access tokens that accounts of the pool have had while the proxy runs. Codex shows the token of its own login
 * with every request, and whoever has such a token could ask OpenAI without us: so it opens the door as our key does,
 * and no secret has to stand in a command line. A token that was renewed meanwhile stays known until it ends, because a
 * running Codex goes on with it; those of an account that was removed are forgotten. Only digests are kept.
 */
class KnownTokens {
  readonly #known = new Map<string, Known>();

  /** `accounts` are all that the pool has now. */
  note(accounts: readonly Account[], nowMs: number): void {
    const ids = new Set(accounts.map(({ id }) => id));
    for (const [key, { accountId, endsAtMs }] of this.#known)
      if (!ids.has(accountId) || hasEnded(endsAtMs, nowMs)) this.#known.delete(key);
    for (const { id, login } of accounts) {
      const endsAtMs = login.expiresAtSec === null ? null : login.expiresAtSec * 1000;
      if (login.accessToken !== "") this.#known.set(digest(login.accessToken), { accountId: id, endsAtMs });
    }
  }

  has(token: string, nowMs: number): boolean {
    const known = token === "" ? undefined : this.#known.get(digest(token));
    return known !== undefined && !hasEnded(known.endsAtMs, nowMs);
  }
}

function hasEnded(endsAtMs: number | null, nowMs: number): boolean {
  return endsAtMs !== null && endsAtMs <= nowMs;
}

function digest(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}

interface LivePoolOptions {
  readonly store: PoolStore;
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
