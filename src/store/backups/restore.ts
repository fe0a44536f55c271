import { join } from "node:path";
import { readAuthJson } from "../../codex/auth-json.ts";
import { isNewer } from "../../codex/login-documents.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { type FileSystem, readTextIfPresent } from "../../machine/file-system.ts";
import type { Account } from "../../pool/account.ts";
import { adopt } from "../../pool/adopt.ts";
import { recallAccount } from "../../pool/pool.ts";
import type { Store, Transaction } from "../store.ts";
import { readOwnText } from "../own-text.ts";
import type { Backup, CopiedFile, RepairBackup } from "./backups.ts";

/** What became of one copied file. */
interface UndoneFile {
  file: CopiedFile;
  outcome: "restored" | "taken into the pool" | "kept in the backup";
}

interface Undone {
  files: UndoneFile[];
  restored: Restored;
}

const nothing: Restored = { added: 0, changed: 0, kept: 0 };

/**
 * Takes repairs back. config.toml gets its old text. Logins never go back as files, where an old token could stand
 * over a newer one: they are taken into the pool, which keeps the newer. What is damaged stays in the backup.
 * What stands there now is copied first, so that this too can be taken back.
 */
export async function undoRepair(
  store: Store,
  fs: FileSystem,
  backup: RepairBackup,
  nowMs: number,
): Promise<Undone> {
  const texts = new Map(backup.files.map((file) => [file, copiedText(fs, join(backup.path, file), file)]));
  // The new copy must not push this backup out while it is in use.
  await store.backUpFiles(backup.name);
  const undone: Undone = { files: [], restored: nothing };
  const pool = await restorePool(store, backup, nowMs);
  if (pool) undone.restored = pool;
  for (const [file, text] of texts) {
    if (text === null) continue;
    const copy = { file, text, isPoolBack: pool !== null, nowMs };
    undone.files.push({ file, outcome: await undoFile(store, copy) });
  }
  return undone;
}

/** config.toml is the person's, and goes back as it was or not at all. */
function copiedText(fs: FileSystem, path: string, file: CopiedFile): string | null {
  return file === "config.toml" ? readTextIfPresent(fs, path) : readOwnText(fs, path);
}

/** Null when the copy is as damaged as the pool was. */
async function restorePool(store: Store, backup: RepairBackup, nowMs: number): Promise<Restored | null> {
  const copy = poolIn(backup);
  if (!copy) return null;
  try {
    store.readBackup(copy);
  } catch (error) {
    if (error instanceof CodexAuthError) return null;
    throw error;
  }
  return await restoreBackup(store, copy, nowMs);
}

interface Copy {
  file: CopiedFile;
  text: string;
  isPoolBack: boolean;
  nowMs: number;
}

async function undoFile(
  store: Store,
  { file, text, isPoolBack, nowMs }: Copy,
): Promise<UndoneFile["outcome"]> {
  if (file === "pool.json") return isPoolBack ? "restored" : "kept in the backup";
  if (file === "config.toml") {
    // What is no UTF-8 would be written back as other bytes.
    if (text.includes("\uFFFD")) return "kept in the backup";
    await store.editConfig(() => text);
    return "restored";
  }
  const reading = readAuthJson(text);
  if (reading.kind !== "login") return "kept in the backup";
  await store.transaction("backup restore", (transaction) => {
    const { displaced } = adopt(transaction.pool, reading.login, { nowMs, tie: "pool" });
    if (displaced) transaction.keepDisplaced(displaced);
  });
  return "taken into the pool";
}

interface Restored {
  added: number;
  changed: number;
  kept: number;
}

/**
 * Brings back what a backup has: missing accounts, labels, pauses. A token comes back only when the pool has none that
 * is newer, because an old refresh token is used up; and no account of today is taken away.
 */
export async function restoreBackup(store: Store, backup: Backup, nowMs: number): Promise<Restored> {
  const old = store.readBackup(backup);
  const copies = olderPools(store).flatMap((each) => accountsIn(store, each));
  const restore = (transaction: Transaction): Restored => {
    transaction.backUp();
    const { unreadable, retired, extra } = old;
    if (transaction.pool.revision === 0) Object.assign(transaction.pool, { unreadable, retired, extra });
    const outcomes = old.accounts.map((account) => restoreAccount(transaction, account, { copies, nowMs }));
    const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
    const [added, changed] = [count("added"), count("changed")];
    return { added, changed, kept: transaction.pool.accounts.length - added - changed };
  };
  return await store.transaction("backup restore", restore, { replaceBrokenPool: true });
}

/** A copy may be as damaged as the pool was. */
function accountsIn(store: Store, backup: Backup): readonly Account[] {
  try {
    return store.readBackup(backup).accounts;
  } catch (error) {
    if (error instanceof CodexAuthError) return [];
    throw error;
  }
}

interface Known {
  /** The accounts of every copy of the pool there is. */
  copies: readonly Account[];
  nowMs: number;
}

/** An account with its newest login of all copies: the token in an older one was spent for those that came after it. */
function newestOf(old: Account, { copies, nowMs }: Known): Account {
  const all = [old, ...copies.filter(({ id }) => id === old.id)];
  const newest = all.reduce((best, each) =>
    isNewer(each.login, best.login, { nowMs, tie: "pool" }) ? each : best,
  );
  newest.spent = [...new Set(all.flatMap((each) => each.spent))];
  return newest;
}

function restoreAccount(transaction: Transaction, old: Account, known: Known): "added" | "changed" | "kept" {
  const { pool } = transaction;
  const { nowMs } = known;
  const current = pool.accounts.find(({ id }) => id === old.id);
  const isLabelFree = !pool.accounts.some(
    ({ id, label }) => id !== old.id && label !== null && label.toLowerCase() === old.label?.toLowerCase(),
  );
  const label = isLabelFree ? old.label : null;
  if (!current) {
    const back = Object.assign(newestOf(old, known), { label, pausedAt: old.pausedAt });
    pool.accounts.push(back);
    recallAccount(pool, back, nowMs);
    return "added";
  }
  const isTokenBack = isOnTop(old, current, nowMs) && restoreLogin(transaction, old, nowMs);
  const isSame = current.label === old.label && current.pausedAt === old.pausedAt;
  if (isLabelFree) current.label = old.label;
  current.pausedAt = old.pausedAt;
  return isSame && !isTokenBack ? "kept" : "changed";
}

/** A backup is the older of the two where nothing tells. */
function isOnTop({ login: old }: Account, { login: current }: Account, nowMs: number): boolean {
  const isWhole = old.refreshToken !== "" && current.refreshToken === "";
  return isWhole || isNewer(old, current, { nowMs, tie: "pool" });
}

function restoreLogin(transaction: Transaction, old: Account, nowMs: number): boolean {
  const { outcome, displaced } = adopt(transaction.pool, old.login, { nowMs, tie: "pool" });
  if (displaced) transaction.keepDisplaced(displaced);
  return outcome === "updated";
}

/** Every copy of the pool there is, newest first; some may be as damaged as the pool. */
export function olderPools(store: Store): Backup[] {
  const repairs = store.repairBackups().flatMap((each) => poolIn(each) ?? []);
  return [...store.backups(), ...repairs].sort((a, b) => (a.takenAt < b.takenAt ? 1 : -1));
}

/** The pool as it was before a repair; null when there was none. */
function poolIn({ name, path, takenAt, files }: RepairBackup): Backup | null {
  if (!files.includes("pool.json")) return null;
  return { kind: "pool", name, path: join(path, "pool.json"), takenAt, revision: 0 };
}
