import { errorCode, fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";

/** Then there is nothing, or it can neither be seen nor be opened to others. */
const unseen = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EACCES"]);

/** The permission bits; null when there is nothing, or nothing that can be seen. */
export function modeOf(fs: FileSystem, path: string): number | null {
  try {
    return fs.statSync(path).mode & 0o7777;
  } catch (error) {
    if (unseen.has(errorCode(error))) return null;
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
