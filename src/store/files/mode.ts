import type { Stats } from "node:fs";
import { errorCode, fileError } from "../../machine/file-error.ts";
import type { FileSystem } from "../../machine/file-system.ts";
import { openFolder, openRegular } from "../../machine/guarded-file.ts";
import type { Paths } from "../../machine/paths.ts";
import { rightOwner } from "../../machine/path-kind.ts";

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

/**
 * The permission bits of a folder or file that is ours to close: null for a link, a device, a file with another name
 * too, what belongs to somebody else, and a folder that is meant for everybody, as /tmp is.
 */
export function ownModeOf(fs: FileSystem, paths: Paths, path: string): number | null {
  const stat = lookAt(fs, path);
  return stat !== null && isOurs(fs, paths, stat) ? stat.mode & 0o7777 : null;
}

/** 0600 for a file, 0700 for a folder. Its content stays. Changes nothing that is not ours. */
export function closeToOthers(fs: FileSystem, paths: Paths, path: string): void {
  changeOwn(fs, paths, path, (stat) => (stat.isDirectory() ? 0o700 : 0o600));
}

/** Nobody but the owner can change it any more; who could read it still can. Changes nothing that is not ours. */
export function refuseWriters(fs: FileSystem, paths: Paths, path: string): void {
  changeOwn(fs, paths, path, ({ mode }) => mode & 0o7755);
}

/** On what was opened, and never through a link: chmod(2) follows links, and root may close a device to everybody. */
function changeOwn(fs: FileSystem, paths: Paths, path: string, modeFor: (stat: Stats) => number): void {
  const seen = lookAt(fs, path);
  if (seen === null || !isOurs(fs, paths, seen)) return;
  try {
    const fd = seen.isDirectory()
      ? openFolder(fs, path, { followsLinks: false })
      : openRegular(fs, path, { followsLinks: false, limitBytes: Infinity });
    try {
      const stat = fs.fstatSync(fd);
      if (isOurs(fs, paths, stat)) fs.fchmodSync(fd, modeFor(stat));
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw fileError(error, `close ${path} to others`);
  }
}

function lookAt(fs: FileSystem, path: string): Stats | null {
  try {
    return fs.lstatSync(path);
  } catch (error) {
    if (unseen.has(errorCode(error))) return null;
    throw fileError(error, `read ${path}`);
  }
}

function isOurs(fs: FileSystem, paths: Paths, stat: Stats): boolean {
  const own = process.geteuid?.() ?? stat.uid;
  // Root works on the home of somebody else, too.
  const isOwner = stat.uid === own || (own === 0 && stat.uid === rightOwner(fs, paths)?.uid);
  const isKnownKind = stat.isDirectory() ? (stat.mode & 0o1000) === 0 : stat.isFile() && stat.nlink === 1;
  return isOwner && isKnownKind;
}
