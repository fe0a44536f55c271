import { fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { makeFolder } from "./files.ts";
import type { Paths } from "./paths.ts";

/** Makes the folders that every transaction needs, and closes them to others. */
export function prepareFolders(fs: FileSystem, paths: Paths): void {
  for (const folder of [paths.storeDir, paths.locksDir]) {
    makeFolder(fs, folder);
    keepPrivate(fs, folder);
  }
}

/** A folder that was made by hand, or opened to others by mistake. */
function keepPrivate(fs: FileSystem, folder: string): void {
  try {
    if ((fs.statSync(folder).mode & 0o077) !== 0) fs.chmodSync(folder, 0o700);
  } catch (error) {
    throw fileError(error, `close the folder ${folder} to others`);
  }
}
