import { isRecord, jsonOrNull } from "../../text/json.ts";
import type { Login } from "../../codex/auth-json.ts";
import { salvageLogin, stringIn } from "../../codex/login-documents.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { type Account, accountIdOf } from "../../pool/account.ts";
import { adopt, type Adoption } from "../../pool/adopt.ts";
import {
  emptyPool,
  type Pool,
  poolVersion,
  readAccount,
  readRetired,
  recallAccount,
} from "../../pool/pool.ts";
import { olderPools } from "../../store/backups/restore.ts";
import type { Store } from "../../store/store.ts";

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
    const value = jsonOrNull(entry);
    const account = readAccount(value);
    if (account && !this.#byId.has(account.id)) return this.#add(account);
    const login = salvageLogin(entry, this.#nowMs);
    if (login) this.#takeTorn(login, entry);
    else if (isRecord(value)) this.pool.unreadable.push(value);
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

/** The texts of which a pool.json is made, also where it is no JSON as a whole. */
interface PoolPieces {
  /** What stands before the list of accounts. */
  head: Record<string, unknown>;
  /** An account each, or what is left of one. */
  entries: string[];
  /** The file goes on to its end: nothing was cut off. */
  isWhole: boolean;
}

/** We write one account a line; an editor may have laid the file out in another way. */
export function entriesIn(text: string): PoolPieces {
  const start = text.indexOf('"accounts"');
  const list = start < 0 ? text : text.slice(start);
  const lines = list.split("\n").slice(1);
  const isOurs = lines.some((line) => line.startsWith('{"id":"'));
  const entries = isOurs ? lines.filter((line) => line.startsWith("{")).map(withoutComma) : objectsIn(list);
  const isWhole = /\]\s*\}\s*$/.test(text.slice(-100));
  return { head: start < 0 ? {} : headOf(text.slice(0, start)), entries, isWhole };
}

function withoutComma(line: string): string {
  return line.replace(/,\s*$/, "");
}

function headOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(`${text.replace(/,\s*$/, "")}}`);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** Every `{…}` at the outermost level, and the open one at the end. */
function objectsIn(text: string): string[] {
  const found: string[] = [];
  let [depth, start] = [0, 0];
  // A quote that nothing closes is no text, and then no later one is closed either.
  let hasTexts = true;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"' && hasTexts) {
      const end = endOfText(text, at);
      hasTexts = end < text.length;
      if (hasTexts) at = end;
    }
    if (character === "{" && depth++ === 0) start = at;
    if (character === "}" && depth > 0 && --depth === 0) found.push(text.slice(start, at + 1));
  }
  return depth > 0 ? [...found, text.slice(start)] : found;
}

/** Where the quote stands that closes a text; the end of all when none does. */
function endOfText(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  return Math.min(end, text.length);
}
