import type { AuthDocument, Login } from "../codex/auth-json.ts";
import type { Flag } from "../pool/marks.ts";
import type { Availability } from "../quota/availability.ts";
import type { AccountNews } from "../quota/block.ts";
import type { Limit } from "../quota/limit.ts";

/** Where the store is. All paths are absolute. */
export interface StorePaths {
  readonly codexHome: string;
  readonly storeDir: string;
  /** The login that Codex uses. */
  readonly authFile: string;
  /** The accounts. */
  readonly poolFile: string;
}

/** One login of the store. Its tokens are secrets. */
export interface Account {
  /** Stable, and not secret. */
  readonly id: string;
  label: string | null;
  /** ISO time since when it is out of selection; null when in use. */
  pausedAt: string | null;
  /** ISO time. */
  readonly addedAt: string;
  /** The whole auth.json document. */
  readonly auth: AuthDocument;
  /** What can be read from it. */
  readonly login: Login;
  /** Why a person must log in again; null while none must. */
  readonly flag: Flag | null;
}

/** The accounts of a Codex home. */
export interface Pool {
  /** The account that was last seen or made live. */
  readonly activeId: string | null;
  /** ISO time. A Codex that was started earlier holds another login. */
  readonly activeSince: string | null;
  readonly previousId: string | null;
  accounts: Account[];
}

/** The pool and the live login as they are, read without a lock. */
export interface Snapshot {
  readonly pool: Pool;
  /** The account in auth.json; null when there is none or the pool does not know it. */
  readonly active: Account | null;
  /** Accounts whose renewal was killed, so that nobody knows whether the token is spent. */
  readonly interrupted: readonly Account[];
}

/** What is known about the quota of an account. May be lost: it is only worth a question to upstream. */
export interface AccountUsage {
  limits: Limit[];
  /** What upstream's answers said; null while it never refused anything. */
  availability: Availability | null;
  /** Absent while the usage endpoint was never asked. */
  news?: AccountNews;
}

/** By account id. */
export type UsageByAccount = Map<string, AccountUsage>;

/** What has changed: the accounts or the live login, or only what is known about quotas. */
export type StoreChange = "accounts" | "usage";

export interface WatchOptions {
  readonly pollMs: number;
  readonly onChange: (change: StoreChange) => void;
}

/**
 * The state inside a transaction. `pool` may be changed; nothing is written before the change function returns, and it
 * may run again from fresh state when somebody else wrote in between.
 */
export interface Draft extends Snapshot {
  /** Makes an account the one in auth.json; whatever login is there is taken into the pool first. */
  activate(account: Account, options?: { replaceBroken?: boolean; ignoresCodex?: boolean }): void;
  /** Removes auth.json. Revokes nothing. */
  deactivate(options?: { ignoresCodex?: boolean }): void;
  /** Asks for a backup of the pool as it is now, so before it is changed. */
  backUp(): void;
}

/** The one door to credentials. Whatever fails throws `CodexAuthError` with nothing changed. */
export interface Store {
  readonly paths: StorePaths;
  read(): Promise<Snapshot>;
  /** Changes accounts and auth.json together or not at all. `purpose` names the lock for whoever waits. */
  transaction<T>(purpose: string, change: (draft: Draft) => T): Promise<T>;
  /** Runs `change` on what is there now and writes nothing: what a dry run shows. */
  rehearse<T>(change: (draft: Draft) => T): Promise<T>;
  /** What is known about quotas; read without a lock. */
  usage(): UsageByAccount;
  /** Changes what is known about quotas, from what is on disk now; the accounts stay as they are. */
  updateUsage(change: (usage: UsageByAccount) => void): Promise<void>;
  /** Tells when another process, or this one, has changed the accounts or the quotas; returns what ends it. */
  watch(options: WatchOptions): () => void;
}
