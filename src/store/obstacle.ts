import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { accountName } from "./account-name.ts";
import type { Account } from "./account.ts";
import type { CodexProcess } from "./codex-processes.ts";

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
export function renewalOf(account: Account): Obstacle | null {
  const { refresh } = account;
  if (refresh?.kind !== "intent") return null;
  const { process, startedAt } = refresh;
  return { kind: "renewal", name: accountName(account), pid: process.pid, startedAt };
}

/** For a person: `exec 4711, daemon 12`. */
export function processesText(processes: readonly CodexProcess[]): string {
  return processes.map(({ kind, pid }) => `${kind} ${pid}`).join(", ");
}

/** After ten seconds in which nobody gave the locks back. */
export function heldError(): CodexAuthError {
  const message =
    "Another program, most likely a running Codex, has held auth.lock or auth.json.lock for 10 seconds.";
  return new CodexAuthError("auth_lock_blocked", message, {
    hint: "Nothing was changed. Wait until it has saved its login, then run the command again.",
  });
}
