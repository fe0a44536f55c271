import { closeToOthers, ownModeOf } from "./file-mode.ts";
import type { FileSystem } from "./file-system.ts";
import { makeFolder } from "./files.ts";
import { realPath } from "./home-place.ts";
import type { Paths } from "./paths.ts";

/** Makes the folders that every transaction needs, and closes them to others. */
export function prepareFolders(fs: FileSystem, paths: Paths): void {
  for (const folder of [paths.storeDir, paths.locksDir]) makeFolder(fs, folder);
  // One that was made by hand, or opened to others by mistake. The person may have put a link in its place.
  for (const folder of [realPath(fs, paths.storeDir), paths.locksDir])
    if (((ownModeOf(fs, paths, folder) ?? 0) & 0o077) !== 0) closeToOthers(fs, paths, folder);
}
