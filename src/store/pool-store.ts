import type { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Paths } from "../machine/paths.ts";
import type { Account } from "../pool/account.ts";
import type { Pool } from "../pool/pool.ts";
import type { HistoryStep } from "../quota/history.ts";
import type { LiveFile } from "./auth-file.ts";
import type { NewTokens, UnsavedTokens } from "./files/aside.ts";
import type { UsageByAccount, WatchOptions } from "./library-store.ts";
import type { LockHold } from "./locks/lock.ts";

interface PoolSnapshot {
  pool: Pool;
  /** The account in auth.json; null when there is none or the pool does not know it. */
  active: Account | null;
}

/** What a transaction on the accounts alone may do. */
export interface PoolTransaction extends PoolSnapshot {
  /** Writes the tokens of an account to auth.json if it is the one there. */
  renewLive(account: Account): void;
  /** Leaves only the access token of the live account in auth.json, so that no Codex can spend the refresh token. */
  lendLive(account: Account): void;
}

export interface SavingOptions {
  /** The caller holds Codex's auth.lock. */
  isAuthLocked?: boolean;
  /** New tokens that are perhaps in no file. */
  inHand?: UnsavedTokens;
}

/** What is written beside the quotas, under the same lock. */
export interface ServedRecords {
  /** Steps for the forecast; called after the change, because they follow from it. */
  readonly history?: () => readonly HistoryStep[];
  readonly sessionIds?: Iterable<string>;
}

/** The accounts and what is known of their quotas, wherever they are kept: all that a proxy or a gateway needs of a store. */
export interface PoolStore {
  read(): Promise<PoolSnapshot>;
  transaction<T>(
    purpose: string,
    change: (transaction: PoolTransaction) => T,
    options?: SavingOptions,
  ): Promise<T>;
  /** One refresh at a time for all the seats of a user; `user` names the lock. Waits up to a minute. */
  refreshLock(user: string): Promise<LockHold>;
  /** What is known about quotas; asks nobody. */
  usage(): UsageByAccount;
  /** Changes what is known about quotas, from what is stored now; the accounts stay as they are. */
  updateUsage(change: (usage: UsageByAccount) => void, also?: ServedRecords): Promise<void>;
  /** Tells when another process, or this one, has changed the accounts or the quotas; returns what ends it. */
  watch(options: WatchOptions): () => void;
}

/** What a renewal asks of the place where the accounts are. */
export interface RenewalStore extends Pick<PoolStore, "transaction" | "refreshLock"> {
  /** Of this machine. */
  readonly paths: Paths;
  read(): Promise<PoolSnapshot & { live: LiveFile }>;
  /** Throws unless all that a renewal will have to write can be written now: a token that is spent and cannot be saved is lost. */
  requireSavable(accountId: string, isLive: boolean): void;
  /** The first thing that happens to new tokens: on this machine's disk, synced. Returns why they are nowhere; null when they are. */
  keepTokens(tokens: NewTokens): CodexAuthError | null;
}
