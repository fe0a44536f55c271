import { constants } from "node:fs";
import type { Stats } from "node:fs";
import { errorCode } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { namesIn } from "./files.ts";

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
