import { dirname } from "node:path";
import { type FileSystem, readTextIfReadable } from "./file-system.ts";
import type { Paths } from "./paths.ts";

interface Owner {
  uid: number;
  gid: number;
}

/** Who should own the files of a home: whoever runs this, or with root, the owner of the home. Null on Windows. */
export function rightOwner(fs: FileSystem, { codexHome }: Paths): Owner | null {
  const [uid, gid] = [process.geteuid?.(), process.getegid?.()];
  if (uid === undefined || gid === undefined) return null;
  return uid === 0 ? ownerOf(fs, codexHome) : { uid, gid };
}

/** Null when there is no such file, or it cannot be told. */
export function ownerOf(fs: FileSystem, path: string): Owner | null {
  try {
    const stat = fs.statSync(path, { throwIfNoEntry: false });
    return stat ? { uid: stat.uid, gid: stat.gid } : null;
  } catch {
    return null;
  }
}

/** Whether a file belongs to somebody else than it should. */
export function isForeign(fs: FileSystem, paths: Paths, path: string): boolean {
  const [right, owner] = [rightOwner(fs, paths), ownerOf(fs, path)];
  return right !== null && owner !== null && right.uid !== owner.uid;
}

/**
 * Whether a file belongs to a user who has no number in this container: its uid map leaves that one out, and neither
 * chmod nor chown reaches the file. False where the system does not tell.
 */
export function isUnmapped(fs: FileSystem, path: string): boolean {
  const map = readTextIfReadable(fs, "/proc/self/uid_map")?.trim() ?? "";
  if (map === "" || /^0\s+0\s+4294967295$/.test(map)) return false;
  const overflow = Number(readTextIfReadable(fs, "/proc/sys/kernel/overflowuid") ?? 65_534);
  return ownerOf(fs, path)?.uid === overflow;
}

/** The folder that a file stands in. */
export function folderOf(path: string): string {
  return dirname(path);
}
