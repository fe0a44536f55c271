import { constants } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { readTextIfReadable } from "./files.ts";
import { unescaped } from "./mounts.ts";

/** A folder in which nothing can be written, and why; null when something can, or there is no such folder yet. */
export function writeProblem(fs: FileSystem, folder: string): "EACCES" | "EROFS" | null {
  try {
    fs.accessSync(folder, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    const code = errorCode(error);
    return code === "EROFS" ? "EROFS" : code === "EACCES" || code === "EPERM" ? "EACCES" : null;
  }
}

/** Bytes that are free on the disk of a folder; null where it does not tell. */
export function freeBytes(fs: FileSystem, folder: string): number | null {
  try {
    const { bavail, bsize } = fs.statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** The path itself, or the nearest folder above it that is one. */
export function existingFolder(fs: FileSystem, path: string): string {
  return nearest(path, (each) => fs.statSync(each).isDirectory());
}

function nearest(path: string, isWanted: (path: string) => boolean): string {
  let found = path;
  while (!isTrue(() => isWanted(found)) && dirname(found) !== found) found = dirname(found);
  return found;
}

function isTrue(look: () => boolean): boolean {
  try {
    return look();
  } catch {
    return false;
  }
}

/** A line of the table of mounts. */
interface Mount {
  source: string;
  mountPoint: string;
  /** As Linux names it: ext4, nfs, 9p. */
  kind: string;
  options: string;
}

/** The file system that holds a path; null where the system does not tell. */
export function mountOf(fs: FileSystem, path: string): Mount | null {
  const real = realPath(fs, path);
  const mounts = mountsOf(fs).filter(({ mountPoint }) => isBelow(real, mountPoint));
  // The last of equals hides the others.
  return mounts.reduce<Mount | null>(
    (best, each) => (best && best.mountPoint.length > each.mountPoint.length ? best : each),
    null,
  );
}

function mountsOf(fs: FileSystem): Mount[] {
  const lines = (readTextIfReadable(fs, "/proc/self/mounts") ?? "").split("\n");
  return lines.flatMap((line) => {
    const [source = "", mountPoint, kind, options = ""] = line.split(" ");
    return mountPoint && kind ? [{ source, mountPoint: unescaped(mountPoint), kind, options }] : [];
  });
}

function isBelow(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

function realPath(fs: FileSystem, path: string): string {
  try {
    return fs.realpathSync(nearest(path, (each) => fs.statSync(each).size >= 0));
  } catch {
    return path;
  }
}
