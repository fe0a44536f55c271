import { constants } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { errorCode } from "./file-error.ts";
import { type FileSystem, readTextIfReadable } from "./file-system.ts";
import { systemOf } from "./systems/here.ts";
import type { Mount } from "./systems/system.ts";

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
    const { blocks, bavail, bsize } = fs.statfsSync(folder);
    // A file system without a disk, such as /proc.
    return blocks === 0 ? null : bavail * bsize;
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

/** The file system that holds a path; null where the system does not tell. */
export function mountOf(fs: FileSystem, path: string, platform = "linux"): Mount | null {
  const real = realPath(fs, path);
  const all = platform === "linux" ? mountsOf(fs) : (systemOf(platform).mounts() ?? []);
  const mounts = all.filter(({ mountPoint }) => isBelow(real, mountPoint));
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

/** A line of /proc/self/mountinfo. */
interface MountLine {
  id: string;
  parentId: string;
  mountPoint: string;
}

/**
 * Whether something is mounted right on a path: such a file can be read and written, but not replaced (EBUSY). False
 * where the system does not tell.
 */
export function isMountPoint(fs: FileSystem, path: string): boolean {
  const text = readTextIfReadable(fs, "/proc/self/mountinfo") ?? "";
  const real = realFile(fs, path);
  // Thousands of mounts are not rare; most paths are named in no line.
  if (!text.includes(` ${escaped(real)} `)) return false;
  const lines = text.split("\n").flatMap(mountLine);
  const root = lines.find(({ mountPoint }) => mountPoint === "/");
  if (root === undefined) return lines.some(({ mountPoint }) => mountPoint === real);
  return mountAt(lines, root, real).mountPoint === real;
}

/** Throws for a file that could be written into, but not replaced: Codex and we would lose a renewed token there. */
export function refuseMounted(fs: FileSystem, path: string): void {
  if (isMountPoint(fs, path)) throw mountedError(path);
}

export function mountedError(path: string): CodexAuthError {
  const message = `${path} is mounted by itself, as one file, and can therefore not be replaced: a renewed token would be lost.`;
  return new CodexAuthError("file_mounted", message, {
    hint: `Mount its folder instead of the file: ${folderMount(path)}. Nothing was changed.`,
  });
}

/** The mount that works, as Docker and Podman take it. */
export function folderMount(path: string): string {
  return `docker run -v "<folder that holds ${basename(path)}>:${dirname(path)}" …`;
}

/** Walks down from the root as a path is looked up: of mounts that hide each other the last one counts. */
function mountAt(lines: readonly MountLine[], root: MountLine, path: string): MountLine {
  const next = lines
    .filter((each) => each !== root && each.parentId === root.id && isOn(path, each.mountPoint))
    .sort((a, b) => a.mountPoint.length - b.mountPoint.length)[0];
  return next ? mountAt(lines, next, path) : root;
}

function isOn(path: string, mountPoint: string): boolean {
  return mountPoint === "/" || path === mountPoint || path.startsWith(`${mountPoint}/`);
}

function mountLine(line: string): MountLine[] {
  const [id, parentId, , , mountPoint] = line.split(" ");
  return id && parentId && mountPoint ? [{ id, parentId, mountPoint: unescaped(mountPoint) }] : [];
}

/** Blanks and the like stand there as \\040. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

function escaped(path: string): string {
  return path.replaceAll(/[ \t\n\\]/g, (each) => `\\${each.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

/** The links of its folder followed; the file itself is none, or what is behind it. */
function realFile(fs: FileSystem, path: string): string {
  try {
    return join(fs.realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}
