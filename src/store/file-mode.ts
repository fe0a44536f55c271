import { errorCode, fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";

/** The permission bits; null when there is nothing, or where modes mean nothing. */
export function modeOf(fs: FileSystem, path: string): number | null {
  try {
    return fs.statSync(path).mode & 0o7777;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw fileError(error, `read ${path}`);
  }
}

/** 0600 for a file, 0700 for a folder. Its content stays. */
export function closeToOthers(fs: FileSystem, path: string): void {
  try {
    fs.chmodSync(path, fs.statSync(path).isDirectory() ? 0o700 : 0o600);
  } catch (error) {
    throw fileError(error, `close ${path} to others`);
  }
}

/** Nobody but the owner can change it any more; who could read it still can. */
export function refuseWriters(fs: FileSystem, path: string): void {
  try {
    fs.chmodSync(path, fs.statSync(path).mode & 0o7755);
  } catch (error) {
    throw fileError(error, `close ${path} to the writing of others`);
  }
}
