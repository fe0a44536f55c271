import type { AuthDocument } from "../codex/auth-json.ts";
import type { Adoption } from "./adopt.ts";
import type { LiveFile } from "./auth-file.ts";
import type { Backup } from "./backups.ts";
import type { Paths } from "./paths.ts";
import type { Account, Pool } from "./pool-file.ts";

/** The pool and the live login as they are, read without a lock. */
export interface Snapshot {
  /** With what auth.json adds to it, as the next transaction would write it. */
  pool: Pool;
  live: LiveFile;
  /** The account in auth.json; null when there is none or the pool does not know it. */
  active: Account | null;
}

/**
 * The state inside a transaction. `pool` may be changed freely; nothing is written before the change function
 * returns, and it may run again from fresh state when somebody else wrote in between.
 */
export interface Draft extends Snapshot {
  /** What became of the login in auth.json; null when there was none or the pool did not know it. */
  adoption: Adoption | null;
  /** Makes an account the one in auth.json; whatever login is there is taken into the pool first. */
  activate(account: Account, options?: { replaceBroken?: boolean }): void;
  /** Removes auth.json. Revokes nothing. */
  deactivate(): void;
  /** Keeps a login that lost against a newer one. */
  park(document: AuthDocument): void;
  /** Asks for a backup of the pool as it was before this transaction. */
  backUp(): void;
}

/** The one door to credentials. The file store is its first implementation. */
export interface Store {
  readonly paths: Paths;
  read(): Promise<Snapshot>;
  transaction<T>(purpose: string, change: (draft: Draft) => T): Promise<T>;
  backups(): Backup[];
  /** The pool inside a backup. */
  readBackup(backup: Backup): Pool;
}
