import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { CodexProcess } from "../machine/codex-processes.ts";
import type { FileSystem } from "../machine/file-system.ts";
import type { ProcessIdentity } from "../machine/identity.ts";
import type { Paths } from "../machine/paths.ts";
import type { KeyringReading } from "../machine/systems/keyring.ts";
import { type Account, accountName } from "../pool/account.ts";
import type { HelperAnswer } from "./locks/lock-helper.ts";

/** The entry of the keyring in which Codex keeps the login of a home. */
export interface KeyringSlot {
  /** With `auto`, Codex reads auth.json where the entry is absent, is no login or cannot be reached. */
  mode: "keyring" | "auto";
  read: () => KeyringReading;
  /** See Keyring. */
  write: (text: string) => string | null;
  remove: () => void;
}

/** Finds the slot of a home; null where Codex keeps its login in auth.json. */
export type FindSlot = (paths: Paths) => Promise<KeyringSlot | null>;

/** What the store needs of the outside world. */
export interface StoreContext {
  fs: FileSystem;
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  self: () => ProcessIdentity;
  /** Locks open files as Codex does. Default: a program that does. */
  flock?: (descriptors: readonly number[]) => Promise<HelperAnswer>;
  /** The Codex processes of this home; null where the system does not tell. Default: what /proc says. */
  processes?: () => CodexProcess[] | null;
  /** Where Codex keeps the login of a home, if not in auth.json. Default: nowhere else. */
  findSlot?: FindSlot;
  /** Hears, again and again, what a transaction waits for and for how long at most; 0 ms: no longer. */
  onWait?: (wait: { obstacle: Obstacle; leftMs: number }) => void;
}

/** What a transaction has to wait for, without any lock of ours. */
export type Obstacle =
  /** A renewal of codex-auth is spending the token of this account. */
  | { kind: "renewal"; name: string; pid: number; startedAt: string }
  /** A Codex of this home may be renewing the login that is about to leave auth.json. */
  | { kind: "codex"; name: string; processes: readonly CodexProcess[] }
  /** Somebody else holds the locks of auth.json. */
  | { kind: "locks" };

/** Thrown inside a transaction: it gives its lock back, waits, and starts again. */
export class MustWait extends Error {
  readonly obstacle: Obstacle;

  constructor(obstacle: Obstacle) {
    super(`waiting: ${obstacle.kind}`);
    this.obstacle = obstacle;
  }
}

/** What an intent says; whether its process lives is for the caller to know. */
export function renewalOf(account: Account, accounts: readonly Account[]): Obstacle | null {
  const { refresh } = account;
  if (refresh?.kind !== "intent") return null;
  const { process, startedAt } = refresh;
  return { kind: "renewal", name: accountName(account, accounts), pid: process.pid, startedAt };
}

/** For a person: `exec 4711, daemon 12, app-server 7 of VS Code`. */
export function processesText(
  processes: readonly (Pick<CodexProcess, "pid" | "kind"> & { editor?: string | undefined })[],
): string {
  const names = processes.map(
    ({ kind, pid, editor }) => `${kind} ${pid}${editor === undefined ? "" : ` of ${editor}`}`,
  );
  return names.join(", ");
}

/** After ten seconds in which nobody gave the locks back. */
export function heldError(): CodexAuthError {
  const message =
    "Another program, most likely a running Codex, has held auth.lock or auth.json.lock for 10 seconds.";
  return new CodexAuthError("auth_lock_blocked", message, {
    hint: "Nothing was changed. Wait until it has saved its login, then run the command again.",
  });
}
