import { basename, dirname, join } from "node:path";
import { errorCode } from "../../machine/file-error.ts";
import { type FileSystem, makeFolder, namesIn, syncFolder, timeInName } from "../../machine/file-system.ts";
import { readRegular } from "../../machine/guarded-file.ts";
import type { Paths } from "../../machine/paths.ts";
import { writeFileAtomic } from "../atomic-write.ts";
import type { StoreContext } from "../context.ts";

/**
 * Keeps something of a private home where a person finds it, under a name with its own name in it, and returns the path.
 * A file becomes a copy that only its owner can read; what cannot be read, or is no file, is moved as it is.
 */
export function putAside(
  { fs, now }: Pick<StoreContext, "fs" | "now">,
  { displacedDir }: Paths,
  path: string,
  name = basename(path),
): string {
  makeFolder(fs, displacedDir);
  const place = freePlace(fs, join(displacedDir, `exec-${timeInName(now())}-${name}`));
  const bytes = bytesOf(fs, path);
  if (bytes) writeFileAtomic(fs, place, bytes);
  else move(fs, path, place);
  return place;
}

/** Two homes may end within a millisecond. */
function freePlace(fs: FileSystem, place: string): string {
  const taken = new Set(namesIn(fs, dirname(place)));
  for (let count = 1; ; count += 1) {
    const free = count === 1 ? place : `${place}-${count}`;
    if (!taken.has(basename(free))) return free;
  }
}

function bytesOf(fs: FileSystem, path: string): Buffer | null {
  try {
    return readRegular(fs, path, { followsLinks: false });
  } catch {
    return null;
  }
}

function move(fs: FileSystem, from: string, to: string): void {
  // A folder that may not be written may not be moved either.
  if (fs.lstatSync(from).isDirectory()) fs.chmodSync(from, 0o700);
  fs.renameSync(from, to);
  syncFolder(fs, dirname(to));
}

/** Removes a file, or a folder with all that is in it, also where the folders in it may not be written. */
export function removeTree(fs: FileSystem, path: string): void {
  try {
    fs.rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!["EACCES", "EPERM", "ENOTEMPTY"].includes(errorCode(error))) throw error;
    openFolders(fs, path);
    fs.rmSync(path, { recursive: true, force: true });
  }
}

/** Never through a link. */
function openFolders(fs: FileSystem, path: string): void {
  if (!fs.lstatSync(path).isDirectory()) return;
  fs.chmodSync(path, 0o700);
  for (const name of namesIn(fs, path)) openFolders(fs, join(path, name));
}
