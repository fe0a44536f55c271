import { removeIfPresent } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import { livenessOf } from "./process-identity.ts";
import type { Liveness, ProcessIdentity } from "./process-identity.ts";

/** Who holds a lock; stands beside the lock folder as `<lock>.owner`. */
export interface LockOwner extends ProcessIdentity {
  token: string;
  /** The command that took the lock. */
  purpose: string;
  /** ISO time. */
  since: string;
  /** Identity of the lock folder that this record speaks of. */
  folder: string;
}

/** Renamed into place, so that nobody reads half a record. One that still stands there is of a holder that is gone. */
export function writeOwner(fs: FileSystem, lockPath: string, owner: LockOwner): void {
  const temporary = `${ownerPath(lockPath)}.${owner.token}`;
  const fd = fs.openSync(temporary, "wx", 0o600);
  try {
    fs.writeSync(fd, JSON.stringify(owner));
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(temporary, ownerPath(lockPath));
}

export function readOwner(fs: FileSystem, lockPath: string): LockOwner | null {
  try {
    const value: unknown = JSON.parse(fs.readFileSync(ownerPath(lockPath), "utf8"));
    return isOwner(value) ? value : null;
  } catch {
    return null;
  }
}

export function removeOwner(fs: FileSystem, lockPath: string): void {
  removeIfPresent(fs, ownerPath(lockPath));
}

/** What is proven about the holder of the lock folder as it stands now. */
export function holderLiveness(fs: FileSystem, lockPath: string, self: ProcessIdentity): Liveness {
  const owner = readOwner(fs, lockPath);
  if (!owner || owner.folder !== folderIdentity(fs, lockPath)) return "unknown";
  return livenessOf(owner, self);
}

/** Inode and birth time: an inode number alone is soon used again. */
export function folderIdentity(fs: FileSystem, lockPath: string): string {
  try {
    const { ino, birthtimeNs } = fs.statSync(lockPath, { bigint: true });
    return `${ino}:${birthtimeNs}`;
  } catch {
    return "gone";
  }
}

function ownerPath(lockPath: string): string {
  return `${lockPath}.owner`;
}

function isOwner(value: unknown): value is LockOwner {
  if (typeof value !== "object" || value === null) return false;
  return "pid" in value && "host" in value && "token" in value && "folder" in value && "purpose" in value;
}
