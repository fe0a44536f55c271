import { isKeptDocument } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { FileVersion } from "../machine/identity.ts";
import { isRecord } from "../text/json.ts";
import { Account, accountIdOf, fingerprint } from "./account.ts";
import { isFlag, isRefreshMark } from "./marks.ts";

/** A commit of the pool has promised that auth.json will hold `activeId` instead of this file. */
interface Projection {
  before: FileVersion | null;
  /** Hash of what lies there for a moment in between. */
  lent?: string;
}

export interface Pool {
  revision: number;
  /** Real path of the CODEX_HOME that it serves; null for a pool in its usual place, or one of an earlier version. */
  home: string | null;
  /** The account that was last seen or made live. */
  activeId: string | null;
  /** ISO time. A Codex that was started earlier holds another login. */
  activeSince: string | null;
  previousId: string | null;
  projection: Projection | null;
  accounts: Account[];
  /** By account id: fingerprints of used-up tokens of accounts that were removed, the newest account last. */
  retired: Map<string, string[]>;
  /** Entries that cannot be read. They stay in the file as they are and are reported. */
  unreadable: unknown[];
  extra: Record<string, unknown>;
}

type Json = Record<string, unknown>;
type Migration = (document: Json) => Json;

/** `migrations[n]` turns version n + 1 into n + 2. */
const migrations: readonly Migration[] = [];
export const poolVersion = migrations.length + 1;

const spentLimit = 20;

export function emptyPool(): Pool {
  return {
    revision: 0,
    home: null,
    activeId: null,
    activeSince: null,
    previousId: null,
    projection: null,
    accounts: [],
    retired: new Map(),
    unreadable: [],
    extra: {},
  };
}

/** Reads pool.json. One bad account is kept as it is and not used; a file that is wrong as a whole is an error and stays untouched. */
export function parsePool(text: string, path: string): Pool {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, "it is not complete JSON", error);
  }
  if (!isRecord(value)) throw unreadable(path, "it holds no JSON object");
  return readPool(migrate(value, path), path);
}

/** True when the text is of an older version, so that a backup is due before it is written again. */
export function isOlderVersion(text: string): boolean {
  const found = /"version":\s*(\d+)/.exec(text.slice(0, 200));
  return found !== null && Number(found[1]) < poolVersion;
}

export function migrate(document: Json, path: string, steps: readonly Migration[] = migrations): Json {
  const version = document["version"];
  if (!isCount(version) || version < 1) throw unreadable(path, "its version is not a number");
  if (version > steps.length + 1) {
    const message = `${path} was written by a newer codex-auth (format ${version}, this one knows ${steps.length + 1}).`;
    throw new CodexAuthError("pool_too_new", message, {
      hint: "Update codex-auth: npm install -g codex-auth@latest",
    });
  }
  return steps.slice(version - 1).reduce((older, step) => step(older), document);
}

function readPool(document: Json, path: string): Pool {
  const {
    version: _,
    revision,
    home = null,
    activeId,
    activeSince,
    previousId,
    projection,
    accounts,
    retired,
    ...extra
  } = document;
  if (!isCount(revision)) throw unreadable(path, "revision is not a number");
  if (!isIdOrNull(home)) throw unreadable(path, "home is not a string");
  if (!isIdOrNull(activeId)) throw unreadable(path, "activeId is not a string");
  if (!isIdOrNull(activeSince)) throw unreadable(path, "activeSince is not a string");
  if (!isIdOrNull(previousId)) throw unreadable(path, "previousId is not a string");
  if (!Array.isArray(accounts)) throw unreadable(path, "accounts is not a list");
  if (!isProjection(projection)) throw unreadable(path, "projection is damaged");
  const known = { revision, home, activeId, activeSince, previousId, projection };
  const pool: Pool = { ...emptyPool(), ...known, retired: readRetired(retired), extra };
  const seen = new Set<string>();
  for (const entry of accounts as unknown[]) {
    const account = readAccount(entry);
    if (account && !seen.has(account.id)) pool.accounts.push(account);
    else pool.unreadable.push(entry);
    if (account) seen.add(account.id);
  }
  return pool;
}

/** One entry of the list; null when a field has the wrong type. */
export function readAccount(entry: unknown): Account | null {
  if (!isRecord(entry)) return null;
  const { id, label, pausedAt, addedAt, auth, spent, flag = null, refresh = null, ...extra } = entry;
  if (typeof id !== "string" || id === "" || typeof addedAt !== "string" || !isRecord(auth)) return null;
  if (!isIdOrNull(label) || !isIdOrNull(pausedAt)) return null;
  if (!Array.isArray(spent) || !spent.every((each) => typeof each === "string")) return null;
  if (flag !== null && !isFlag(flag)) return null;
  if (refresh !== null && !isRefreshMark(refresh)) return null;
  if (!isKeptDocument(auth)) return null;
  return new Account({ id, label, pausedAt, addedAt, auth, spent, flag, refresh, extra });
}

/** What pool.json says of removed accounts; what is no list of texts is left out. */
export function readRetired(value: unknown): Pool["retired"] {
  const entries = Object.entries(isRecord(value) ? value : {});
  const isList = (list: unknown): list is string[] =>
    Array.isArray(list) && list.every((each) => typeof each === "string");
  return new Map(entries.flatMap(([id, list]) => (isList(list) ? [[id, list] as const] : [])));
}

/** The text of pool.json: one account a line, so that a person can look at it and a diff says something. */
export function poolText(pool: Pool): string {
  const { accounts, home, retired, unreadable, extra, ...fields } = pool;
  const bound = home === null ? {} : { home };
  const remembered = retired.size > 0 ? { retired: Object.fromEntries(retired) } : {};
  const head = JSON.stringify({ version: poolVersion, ...fields, ...bound, ...remembered, ...extra });
  const entries = [...accounts.map(accountEntry), ...unreadable];
  const lines = entries.map((entry) => JSON.stringify(entry)).join(",\n");
  return `${head.slice(0, -1)},"accounts":[\n${lines}\n]}\n`;
}

/** One account alone, as it is kept in a database. */
export function accountText(account: Account): string {
  return JSON.stringify(accountEntry(account));
}

function accountEntry({ id, label, pausedAt, addedAt, auth, spent, flag, refresh, extra }: Account): object {
  return { id, label, pausedAt, addedAt, auth, spent: spent.slice(-spentLimit), flag, refresh, ...extra };
}

function isProjection(value: unknown): value is Projection | null {
  if (value === null) return true;
  if (!isRecord(value)) return false;
  const { before, lent } = value;
  return (before === null || isRecord(before)) && (lent === undefined || typeof lent === "string");
}

function isIdOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function unreadable(path: string, why: string, cause?: unknown): CodexAuthError {
  return new CodexAuthError("pool_unreadable", `${path} cannot be read: ${why}.`, {
    hint: "Nothing was changed. See the backups: codex auth backup list. Without one, move the file away and import again.",
    cause,
  });
}

const accountsKept = 1000;

/** Whether the refresh token of an account is one that is known to be used up: sent again, it ends the login. */
export function holdsSpentToken({ login, spent }: Account): boolean {
  return login.refreshToken !== "" && spent.length > 0 && spent.includes(fingerprint(login.refreshToken));
}

/** Takes an account out of the pool, which goes on remembering the used-up tokens: an old file may bring one back. */
export function retireAccount(pool: Pool, account: Account): void {
  pool.accounts = pool.accounts.filter((each) => each !== account);
  if (account.spent.length === 0) return;
  const id = accountIdOf(account.login.identity);
  // The newest stands last.
  pool.retired.delete(id);
  pool.retired.set(id, account.spent);
  for (const oldest of [...pool.retired.keys()].slice(0, -accountsKept)) pool.retired.delete(oldest);
}

/** Gives an account that came into the pool what is remembered of it; with a used-up token it is flagged. */
export function recallAccount(pool: Pool, account: Account, nowMs: number): void {
  const id = accountIdOf(account.login.identity);
  account.spent = [...new Set([...(pool.retired.get(id) ?? []), ...account.spent])];
  pool.retired.delete(id);
  if (!holdsSpentToken(account)) return;
  account.flag = { reason: "spent", since: new Date(nowMs).toISOString(), evidence: null };
}
