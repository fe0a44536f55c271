import { isObject } from "../codex/claims.ts";
import type { Login } from "../codex/auth-json.ts";
import { salvageLogin, stringIn } from "../codex/salvage-login.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "./account.ts";
import { adopt } from "./adopt.ts";
import { olderPools } from "./older-pools.ts";
import { emptyPool, poolVersion, readAccount, readRetired } from "./pool-file.ts";
import { recallAccount } from "./retired-tokens.ts";
import type { Pool } from "./pool-file.ts";
import { entriesIn } from "./pool-pieces.ts";
import type { Store } from "./store.ts";

/** What is left of a damaged pool.json. */
export interface SalvagedPool {
  pool: Pool;
  /** How many accounts stood in the file. */
  read: number;
  /** How many were missing there, and came from the backup of that name. */
  added: number;
  backup: string | null;
}

/**
 * Reads every account that can still be read, whole or by its tokens. When that may not be all, the newest readable
 * backup fills the gaps; never an older token over a newer one. Null when a newer codex-auth wrote the file.
 */
export function salvagePool(store: Store, text: string, nowMs: number): SalvagedPool | null {
  const { head, entries, isWhole } = entriesIn(text);
  const { version = poolVersion, ...fields } = head;
  if (typeof version === "number" && version > poolVersion) return null;
  const pool: Pool = { ...emptyPool(), ...knownFields(fields) };
  const torn = entries.flatMap((entry) => takeEntry(pool, entry, nowMs));
  const read = pool.accounts.length;
  const isComplete = isWhole && torn.length === 0 && read > 0;
  const older = isComplete ? null : newestReadable(store);
  for (const account of older?.pool.accounts ?? []) fillGap(pool, account, { torn, nowMs });
  pool.revision = Math.max(pool.revision, older?.pool.revision ?? 0);
  const added = pool.accounts.length - read;
  return { pool, read, added, backup: added > 0 ? (older?.name ?? null) : null };
}

function newestReadable(store: Store): { name: string; pool: Pool } | null {
  for (const backup of olderPools(store)) {
    try {
      return { name: backup.name, pool: store.readBackup(backup) };
    } catch (error) {
      if (!(error instanceof CodexAuthError)) throw error;
    }
  }
  return null;
}

function knownFields(head: Record<string, unknown>): Partial<Pool> {
  const {
    revision,
    home,
    activeId,
    activeSince,
    previousId,
    retired,
    projection: _,
    accounts: __,
    ...extra
  } = head;
  const text = (value: unknown) => (typeof value === "string" ? value : null);
  const count = Math.floor(Number(revision));
  const ids = {
    home: text(home),
    activeId: text(activeId),
    activeSince: text(activeSince),
    previousId: text(previousId),
  };
  return {
    revision: Number.isSafeInteger(count) && count > 0 ? count : 0,
    ...ids,
    retired: readRetired(retired),
    extra,
  };
}

/** The account of which only the login could be read. */
function takeEntry(pool: Pool, entry: string, nowMs: number): Account[] {
  const value = parsed(entry);
  const account = readAccount(value);
  if (account && !pool.accounts.some(({ id }) => id === account.id)) {
    pool.accounts.push(account);
    return [];
  }
  const login = salvageLogin(entry, nowMs);
  if (login) return [takeTorn(pool, login, { entry, nowMs })];
  if (isObject(value)) pool.setAside.push(value);
  return [];
}

function takeTorn(pool: Pool, login: Login, { entry, nowMs }: { entry: string; nowMs: number }): Account {
  const { account, outcome } = adopt(pool, login, { nowMs, tie: "pool" });
  if (outcome === "added") {
    account.label = stringIn(entry, "label") ?? null;
    account.pausedAt = stringIn(entry, "pausedAt") ?? null;
  }
  return account;
}

function fillGap(
  pool: Pool,
  old: Account,
  { torn, nowMs }: { torn: readonly Account[]; nowMs: number },
): void {
  const known = pool.accounts.find(({ id }) => id === old.id);
  if (!known) {
    pool.accounts.push(old);
    recallAccount(pool, old, nowMs);
    return;
  }
  // A flag is not brought back: it belongs to a token, and the next renewal finds out.
  if (torn.includes(known)) known.label ??= old.label;
  if (torn.includes(known)) known.pausedAt ??= old.pausedAt;
  known.spent = [...new Set([...old.spent, ...known.spent])];
  adopt(pool, old.login, { nowMs, tie: "pool" });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
