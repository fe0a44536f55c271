import { constants, type Stats } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { mountOf } from "./disks.ts";
import { errorCode } from "./file-error.ts";
import { type FileSystem, linkTarget, namesIn, readTextIfReadable } from "./file-system.ts";
import type { Paths } from "./paths.ts";

/** What stands at a path. `dangling`: a link whose end does not exist; `forbidden`: it exists and cannot be opened. */
type Shape =
  | "missing"
  | "file"
  | "folder"
  | "pipe"
  | "device"
  | "socket"
  | "dangling"
  | "loop"
  | "forbidden"
  | "unknown";

/** Looks behind links, opens nothing that would wait. */
export function shapeOf(fs: FileSystem, path: string): Shape {
  try {
    const stat = fs.statSync(path);
    if (stat.isDirectory()) return "folder";
    if (stat.isFIFO()) return "pipe";
    if (stat.isSocket()) return "socket";
    if (!stat.isFile()) return "device";
    return isReadable(fs, path) ? "file" : "forbidden";
  } catch (error) {
    if (errorCode(error) === "ELOOP") return "loop";
    if (errorCode(error) === "EACCES") return "forbidden";
    if (errorCode(error) !== "ENOENT") return "unknown";
    return isDangling(fs, path) ? "dangling" : "missing";
  }
}

/** Whether anything has this name, if only a link that leads nowhere. */
export function isThere(fs: FileSystem, path: string): boolean {
  return lookAtName(fs, path) !== null;
}

/** Whether the name itself belongs to something else than is expected there, a link for example. */
export function isOdd(fs: FileSystem, path: string, expected: "file" | "folder"): boolean {
  const stat = lookAtName(fs, path);
  return stat !== null && !(expected === "file" ? stat.isFile() : stat.isDirectory());
}

function lookAtName(fs: FileSystem, path: string): Stats | null {
  try {
    return fs.lstatSync(path);
  } catch {
    return null;
  }
}

/** A link that leads to nothing. */
export function isDangling(fs: FileSystem, path: string): boolean {
  try {
    const isLink = fs.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
    return isLink && fs.statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

/** A folder with nothing in it. */
export function isEmptyFolder(fs: FileSystem, path: string): boolean {
  return shapeOf(fs, path) === "folder" && namesIn(fs, path).length === 0;
}

function isReadable(fs: FileSystem, path: string): boolean {
  try {
    fs.accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** What stands at a path, links followed. */
export function kindOfPath(fs: FileSystem, path: string): "folder" | "file" | "missing" {
  try {
    return fs.statSync(path).isDirectory() ? "folder" : "file";
  } catch {
    return "missing";
  }
}

/** Whether a path lies below a folder, links followed. */
export function isBelow(fs: FileSystem, path: string, folder: string): boolean {
  return realPath(fs, path).startsWith(`${realPath(fs, folder)}${sep}`);
}

/** The Windows drive that a path lies on, seen from inside WSL; null when it is on none, or this is no WSL. */
export function windowsMount(fs: FileSystem, path: string): { mountPoint: string; kind: string } | null {
  if (!/microsoft/i.test(readTextIfReadable(fs, "/proc/version") ?? "")) return null;
  const mount = mountOf(fs, path);
  if (!mount) return null;
  const { kind, source, options } = mount;
  const isWindows = kind === "drvfs" || (kind === "9p" && /drvfs|^[A-Z]:/.test(`${source} ${options}`));
  return isWindows ? mount : null;
}

/** The path without links; as given where it cannot be followed. */
export function realPath(fs: FileSystem, path: string): string {
  try {
    return fs.realpathSync(path);
  } catch {
    return path;
  }
}

interface LinkEnd {
  /** Where the chain of links ends; null when it never does. */
  target: string | null;
  /** The folder of the target exists, so that the file can be made there. */
  isFolderThere: boolean;
}

/** Where a link leads that leads to no file; null when the path is no such link. */
export function brokenLink(fs: FileSystem, path: string): LinkEnd | null {
  const shape = shapeOf(fs, path);
  if (shape === "loop") return { target: null, isFolderThere: false };
  if (shape !== "dangling") return null;
  const target = linkTarget(fs, path);
  return { target, isFolderThere: shapeOf(fs, dirname(target)) === "folder" };
}

/** A path as it stands in a config.toml: `~` is the user's home, a relative one counts from the file's folder. */
export function resolveNamed(written: string, folder: string, userHome: string): string {
  if (written === "~" || written.startsWith("~/")) return join(userHome, written.slice(1));
  return resolve(folder, written);
}

type Presence = "file" | "folder" | "missing" | "unknown";

/** What stands at a path, links followed. */
export function presenceOf(fs: FileSystem, path: string): Presence {
  try {
    return fs.statSync(path).isDirectory() ? "folder" : "file";
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes(errorCode(error)) ? "missing" : "unknown";
  }
}

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
