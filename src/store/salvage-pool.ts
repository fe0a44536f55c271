import { isObject } from "../codex/claims.ts";
import type { Login } from "../codex/auth-json.ts";
import { salvageLogin, stringIn } from "../codex/salvage-login.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { accountIdOf } from "./account-id.ts";
import type { Account } from "./account.ts";
import { adopt } from "./adopt.ts";
import type { Adoption } from "./adopt.ts";
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
  const salvage = new Salvage(pool, nowMs);
  for (const entry of entries) salvage.takeEntry(entry);
  const read = pool.accounts.length;
  const isComplete = isWhole && salvage.torn.size === 0 && read > 0;
  const older = isComplete ? null : newestReadable(store);
  for (const account of older?.pool.accounts ?? []) salvage.fillGap(account);
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

/** The pool as it grows, with its accounts at hand: a damaged file may hold any number of pieces. */
class Salvage {
  readonly pool: Pool;
  /** Of which only the login could be read. */
  readonly torn = new Set<Account>();
  readonly #nowMs: number;
  readonly #byId = new Map<string, Account>();
  /** Made when it is first asked for, because it decodes the tokens of all. */
  #byLogin: Map<string, Account> | null = null;

  constructor(pool: Pool, nowMs: number) {
    this.pool = pool;
    this.#nowMs = nowMs;
  }

  takeEntry(entry: string): void {
    const value = parsed(entry);
    const account = readAccount(value);
    if (account && !this.#byId.has(account.id)) return this.#add(account);
    const login = salvageLogin(entry, this.#nowMs);
    if (login) this.#takeTorn(login, entry);
    else if (isObject(value)) this.pool.setAside.push(value);
  }

  fillGap(old: Account): void {
    const known = this.#byId.get(old.id);
    if (!known) {
      this.#add(old);
      recallAccount(this.pool, old, this.#nowMs);
      return;
    }
    // A flag is not brought back: it belongs to a token, and the next renewal finds out.
    if (this.torn.has(known)) known.label ??= old.label;
    if (this.torn.has(known)) known.pausedAt ??= old.pausedAt;
    known.spent = [...new Set([...old.spent, ...known.spent])];
    this.#adopt(old.login);
  }

  #takeTorn(login: Login, entry: string): void {
    const { account, outcome } = this.#adopt(login);
    this.torn.add(account);
    if (outcome !== "added") return;
    account.label = stringIn(entry, "label") ?? null;
    account.pausedAt = stringIn(entry, "pausedAt") ?? null;
  }

  #adopt(login: Login): Adoption {
    const known = this.#loginsKnown().get(accountIdOf(login.identity));
    const near = { ...this.pool, accounts: known ? [known] : [] };
    const adoption = adopt(near, login, { nowMs: this.#nowMs, tie: "pool" });
    if (!known) this.#add(adoption.account);
    return adoption;
  }

  #loginsKnown(): Map<string, Account> {
    if (this.#byLogin) return this.#byLogin;
    this.#byLogin = new Map();
    for (const account of this.pool.accounts) this.#noteLogin(account);
    return this.#byLogin;
  }

  #add(account: Account): void {
    this.pool.accounts.push(account);
    this.#byId.set(account.id, account);
    if (this.#byLogin) this.#noteLogin(account);
  }

  /** Of several with one login the first counts, as it does for every command. */
  #noteLogin(account: Account): void {
    const key = accountIdOf(account.login.identity);
    if (this.#byLogin && !this.#byLogin.has(key)) this.#byLogin.set(key, account);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
