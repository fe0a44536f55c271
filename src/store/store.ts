import type { KeyringSlot } from "./context.ts";
import type { AuthDocument } from "../codex/auth-json.ts";
import type { Paths } from "../machine/paths.ts";
import type { Account } from "../pool/account.ts";
import type { Adoption } from "../pool/adopt.ts";
import type { Pool } from "../pool/pool.ts";
import type { LiveFile } from "./auth-file.ts";
import type { Backup, RepairBackup } from "./backups/backups.ts";
import type { GatewayFiles } from "./files/gateway.ts";
import type { OwnFile } from "./files/our-files.ts";
import type { RotationFile, RotationRuns } from "./files/rotation.ts";
import type { Store as LibraryStore } from "./library-store.ts";
import type { PoolTransaction, PoolStore, RenewalStore, SavingOptions } from "./pool-store.ts";

/** The pool and the live login as they are, read without a lock. */
export interface Snapshot {
  /** With what auth.json adds to it, as the next transaction would write it. */
  pool: Pool;
  live: LiveFile;
  /** The account in auth.json; null when there is none or the pool does not know it. */
  active: Account | null;
  /** What became of the login in auth.json; null when there was none or the pool did not know it. */
  adoption: Adoption | null;
  /** What became of the logins that commands made in private homes which have ended. */
  returned: readonly Adoption[];
  /** Accounts whose refresh was killed, so that nobody knows whether the token is spent. */
  interrupted: readonly Account[];
}

/**
 * The state inside a transaction. `pool` may be changed freely; nothing is written before the change function
 * returns, and it may run again from fresh state when somebody else wrote in between.
 */
export interface Transaction extends Snapshot, PoolTransaction {
  /**
   * Makes an account the one in auth.json; whatever login is there is taken into the pool first. While a running Codex
   * may be renewing that one, the transaction waits, and fails with `login_in_use`, unless it `ignoresCodex`.
   */
  activate(account: Account, options?: { replaceBroken?: boolean; ignoresCodex?: boolean }): void;
  /** Where a process of ours spends the token of this account now, waits until it has ended: the transaction starts again. */
  awaitRenewal(account: Account): void;
  /** Removes auth.json. Revokes nothing. As to a running Codex: see `activate`. */
  deactivate(options?: { ignoresCodex?: boolean }): void;
  /** Keeps a login that lost against a newer one. */
  keepDisplaced(document: AuthDocument): void;
  /** Asks for a backup of the pool as it is now, so before it is changed. */
  backUp(): void;
}

/**
 * A CODEX_HOME for one command: everything of the real home by link, and a login of its own. A command that dies
 * without `close` leaves it to the next transaction.
 */
export interface PrivateHome {
  readonly path: string;
  /** Replaces the login by a newer one, unless the command has put another one there, or removed it. */
  lend(document: AuthDocument): Promise<void>;
  /** Names the process that lives in the home: while it runs, nobody sweeps. */
  occupy(pid: number): void;
  /** Takes what the command left into the pool and the real home, and removes the home. */
  close(): Promise<HomeLeavings>;
}

export interface HomeLeavings {
  /** Logins that were made inside. */
  adopted: readonly Adoption[];
  /** Files made inside that the real home has with another content; they stay here. */
  kept: readonly string[];
  /** A Codex still runs inside, so the home stays until a later command finds it empty. */
  isOccupied: boolean;
}

export interface TransactionOptions extends SavingOptions {
  /** Starts from an empty pool when pool.json is damaged, and keeps the damaged file aside. */
  replaceBrokenPool?: boolean;
  /** With `replaceBrokenPool`: makes the pool to start from out of the damaged text. */
  salvage?: (text: string) => Pool;
}

/** What is to be removed of the store. */
export interface Removal {
  isWanted: (file: OwnFile) => boolean;
  /** Sees the store as it goes and throws where that would lose anything; `only` names what is nowhere else. */
  check: (snapshot: Snapshot, only: readonly string[]) => void;
}

/** What `moveHere` did. */
export interface Moved {
  /** The home that the pool served until now; null when it is this one already. */
  from: string | null;
  /** The account that was live there; its login is in the pool. */
  account: Account | null;
  /** auth.json of this home holds a login that the pool does not have. */
  hasOwnLogin: boolean;
}

/** What sealing did. */
export interface Sealed {
  key: { id: string; source: "file" | "command" | "keyring"; isNew: boolean };
  /** How many files were changed. */
  files: number;
}

/** The one door to credentials, as the program itself sees it. The file store is its first implementation. */
export interface Store extends Omit<LibraryStore, keyof PoolStore>, PoolStore, RenewalStore {
  readonly paths: Paths;
  read(): Promise<Snapshot>;
  /** Runs `change` on what is there now and writes nothing: what a dry run shows. */
  rehearse<T>(change: (transaction: Transaction) => T): Promise<T>;
  transaction<T>(
    purpose: string,
    change: (transaction: Transaction) => T,
    options?: TransactionOptions,
  ): Promise<T>;
  /** Throws where a transaction could not be made. For work that a person would have to do again. */
  requireReady(): Promise<void>;
  /** Throws where `openPrivateHome` could not make one; changes nothing. */
  requirePrivateHomes(): Promise<void>;
  /** Makes a private home for one command, with this login. */
  openPrivateHome(accountId: string, document: AuthDocument): Promise<PrivateHome>;
  /** Makes a hard-linked auth.json a file of its own, under the locks that Codex takes around its save. */
  detachAuthFile(): Promise<void>;
  /** Changes the text of config.toml; `edit` may run again when Codex wrote it in between. */
  editConfig(edit: (text: string) => string): Promise<void>;
  /** Gives a config.toml that cannot be read another name, if its text is still the expected one. */
  moveConfigAside(expected: string): Promise<void>;
  /** The sessions that a rotation proxy served; read without a lock. */
  proxiedSessions(): ReadonlySet<string>;
  /** Which rotation proxy runs. */
  readonly rotation: RotationFile;
  /** Which ones run for one command. */
  readonly rotationRuns: RotationRuns;
  /** Which gateway runs. */
  readonly gateway: RotationFile;
  /** What a gateway keeps on this machine. */
  readonly gatewayFiles: GatewayFiles;
  /** The entry of the keyring in which Codex keeps its login; null where the configuration names none. It is not asked. */
  keyringSlot(): Promise<KeyringSlot | null>;
  /** Whether this process has changed a file. */
  hasWritten(): boolean;
  /** The CODEX_HOME whose place this one has taken in this process, because it is gone or has no login of the pool. */
  replacedHome(): string | null;
  /** config.toml had other names, which keep the text from before a change. */
  hasDetachedConfig(): boolean;
  /** Makes this CODEX_HOME the one that the pool serves. Throws `store_in_use` while a Codex runs in the other one. */
  moveHere(): Promise<Moved>;
  /** Seals every file of ours that holds a token. Throws `store_in_use` while a server of ours runs. */
  seal(): Promise<Sealed>;
  /** Seals what lies open in a sealed pool. */
  sealRest(): Promise<void>;
  /** Takes the seal off again; returns how many files were changed. */
  unseal(): Promise<number>;
  backups(): Backup[];
  /** Keeps copies of the pool, auth.json and config.toml, before a repair. A backup named `needed` is not pruned. */
  backUpFiles(needed?: string): Promise<RepairBackup>;
  repairBackups(): RepairBackup[];
  /** Everything that codex-auth has made here. */
  ownFiles(): OwnFile[];
  /** What somebody else put among it: paths. */
  foreignFiles(): string[];
  /** Removes some of it, and returns what. Throws `store_in_use` while a command runs in a private home or renews a token. */
  removeOwnFiles(removal: Removal): Promise<OwnFile[]>;
  /** The pool inside a backup. */
  readBackup(backup: Backup): Pool;
}
