import { constants } from "node:fs";
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
