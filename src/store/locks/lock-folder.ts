import { basename, dirname, join } from "node:path";
import { errorCode } from "../../machine/file-error.ts";
import {
  type FileSystem,
  makeFolder,
  namesIn,
  readTextIfReadable,
  removeIfPresent,
} from "../../machine/file-system.ts";
import { openNew } from "../../machine/guarded-file.ts";
import { isOdd, isThere } from "../../machine/path-kind.ts";
import type { ProcessIdentity } from "../../machine/identity.ts";
import { currentProcess, type Liveness, livenessOf } from "../../machine/processes.ts";
import { parseJson } from "../../text/json.ts";

/** What we name in the folder of locks. */
export const lockName = /^(store|refresh-\w+)\.lock(\.takeover)?(\.[0-9a-f]{16})?$/;

/** Who holds a lock; stands inside the lock folder. */
export interface LockOwner extends ProcessIdentity {
  token: string;
  /** The command that took the lock. */
  purpose: string;
  /** ISO time. */
  since: string;
}

/**
 * Puts up a lock folder with its record inside in one step: a process killed at any point leaves either no lock or
 * one that names it. Throws EEXIST when the lock is held.
 */
export function putUpLock(fs: FileSystem, lockPath: string, owner: LockOwner): void {
  // rename(2) would replace an empty folder, which is a lock of somebody who writes no record.
  if (isThere(fs, lockPath)) throw held();
  const staged = asidePath(lockPath, owner.token);
  makeStaged(fs, staged);
  try {
    writeRecord(fs, staged, owner);
    fs.renameSync(staged, lockPath);
  } catch (error) {
    clearAway(fs, staged);
    // ENOENT: the holder swept our folder away before it was complete. Other systems have other codes for "not empty".
    const isHeld = ["ENOTEMPTY", "EEXIST", "ENOENT"].includes(errorCode(error));
    throw isHeld || isThere(fs, lockPath) ? held() : error;
  }
}

function makeStaged(fs: FileSystem, staged: string): void {
  try {
    fs.mkdirSync(staged, 0o700);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    // An uninstall has removed the folder since we made it.
    makeFolder(fs, staged);
  }
}

/**
 * Takes a lock folder away in one step, while its record has this token (null: it has no record). One that got
 * another holder since the caller looked is put back.
 */
export function takeDownLock(fs: FileSystem, lockPath: string, taken: { token: string | null; by: string }) {
  const aside = asidePath(lockPath, taken.by);
  fs.renameSync(lockPath, aside);
  if (tokenOf(fs, aside) === taken.token) clearAway(fs, aside);
  else fs.renameSync(aside, lockPath);
}

/** Removes what killed processes left beside the lock. Only for its holder. */
export function sweepLockLeftovers(fs: FileSystem, lockPath: string, self: ProcessIdentity, staleMs: number) {
  const folder = dirname(lockPath);
  for (const name of namesIn(fs, folder)) {
    const rest = name.startsWith(basename(lockPath)) ? name.slice(basename(lockPath).length) : "";
    if (!/^(\.takeover)?(\.[0-9a-f]{16})?$/.test(rest) || rest === "") continue;
    const path = join(folder, name);
    // A living process whose unfinished folder we take notices it, and tries again.
    if (isAbandoned(fs, path, self, staleMs)) clearAway(fs, path);
  }
}

/** Whether nobody works with this folder any more, as far as can be known. */
export function isAbandoned(fs: FileSystem, path: string, self: ProcessIdentity, staleMs: number): boolean {
  const liveness = holderLiveness(fs, path, self);
  if (liveness !== "unknown") return liveness === "dead";
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (readOwner(fs, path) === null || stat.mtimeMs < Date.now() - staleMs);
}

export function readOwner(fs: FileSystem, lockPath: string): LockOwner | null {
  const value = parseJson(readTextIfReadable(fs, recordPath(lockPath)) ?? "");
  return isOwner(value) ? value : null;
}

export function tokenOf(fs: FileSystem, lockPath: string): string | null {
  return readOwner(fs, lockPath)?.token ?? null;
}

/** What is proven about the holder of the lock folder as it stands now. */
export function holderLiveness(fs: FileSystem, lockPath: string, self: ProcessIdentity): Liveness {
  const owner = readOwner(fs, lockPath);
  return owner ? livenessOf(owner, self) : "unknown";
}

function writeRecord(fs: FileSystem, folder: string, owner: LockOwner): void {
  const fd = openNew(fs, recordPath(folder));
  try {
    fs.writeSync(fd, JSON.stringify(owner));
  } finally {
    fs.closeSync(fd);
  }
}

function clearAway(fs: FileSystem, folder: string): void {
  removeIfPresent(fs, recordPath(folder));
  try {
    // Anything may have been put in the place of the folder or of its record; no lock of ours holds anything else.
    if (isOdd(fs, folder, "folder")) fs.unlinkSync(folder);
    else if (isOdd(fs, recordPath(folder), "file")) fs.rmSync(folder, { recursive: true });
    else fs.rmdirSync(folder);
  } catch {
    // The next holder sweeps it away.
  }
}

function recordPath(folder: string): string {
  return join(folder, "owner.json");
}

/** Where a lock folder stands while it is put up or taken down. */
function asidePath(lockPath: string, token: string): string {
  return `${lockPath}.${token}`;
}

function held(): Error {
  return Object.assign(new Error("The lock is held"), { code: "EEXIST" });
}

function isOwner(value: unknown): value is LockOwner {
  if (typeof value !== "object" || value === null) return false;
  return "pid" in value && "host" in value && "token" in value && "purpose" in value;
}

/** A lock folder of ours, as it stands now. */
export interface LockState {
  path: string;
  /** store.lock, or refresh-<user>.lock. */
  name: string;
  owner: LockOwner;
  /** Nobody holds it: its process is proven to have ended. */
  isDead: boolean;
}

export function lockStates(fs: FileSystem, locksDir: string): LockState[] {
  return namesIn(fs, locksDir)
    .filter((name) => name.endsWith(".lock"))
    .sort()
    .flatMap((name) => {
      const path = join(locksDir, name);
      const owner = readOwner(fs, path);
      return owner ? [{ path, name, owner, isDead: livenessOf(owner, currentProcess()) === "dead" }] : [];
    });
}

/** Whose renewals a refresh lock is about, as `Store.refreshLock` takes it; null for the lock of the store. */
export function userOfLock({ name }: LockState): string | null {
  return /^refresh-(.+)\.lock$/.exec(name)?.[1] ?? null;
}
