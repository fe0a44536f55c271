import { fileError } from "../../machine/file-error.ts";
import { type FileSystem, namesIn } from "../../machine/file-system.ts";
import { isEmptyFolder, shapeOf } from "../../machine/path-kind.ts";

/** Other tools lock with a folder that they touch every few seconds. */
const liveMs = 60_000;

interface LockFolder {
  isEmpty: boolean;
  /** It was touched in the last minute, so somebody may hold it. */
  isFresh: boolean;
  names: string[];
}

/** A folder where Codex needs a file to lock; null when there is none. */
export function lockFolder(fs: FileSystem, path: string, nowMs: number): LockFolder | null {
  if (shapeOf(fs, path) !== "folder") return null;
  const isFresh = Math.abs(nowMs - fs.statSync(path).mtimeMs) < liveMs;
  return { isEmpty: isEmptyFolder(fs, path), isFresh, names: namesIn(fs, path).slice(0, 5) };
}

/** Removes it while it is empty and nobody holds it. */
export function removeLockFolder(fs: FileSystem, path: string, nowMs: number): void {
  const folder = lockFolder(fs, path, nowMs);
  if (!folder) return;
  try {
    if (folder.isFresh) throw new Error("another tool has just taken it as its lock");
    fs.rmdirSync(path);
  } catch (error) {
    throw fileError(error, `remove ${path}`);
  }
}
