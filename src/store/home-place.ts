import { sep } from "node:path";
import type { FileSystem } from "./file-system.ts";

/** What stands at a path, links followed. */
export function kindOfPath(fs: FileSystem, path: string): "folder" | "file" | "missing" {
  try {
    return fs.statSync(path).isDirectory() ? "folder" : "file";
  } catch {
    return "missing";
  }
}

/** The user id of the owner; null when there is nothing, or no such ids. */
export function ownerOf(fs: FileSystem, path: string): number | null {
  try {
    return fs.statSync(path).uid;
  } catch {
    return null;
  }
}

/** Whether a path lies below a folder, links followed. */
export function isBelow(fs: FileSystem, path: string, folder: string): boolean {
  return realPath(fs, path).startsWith(`${realPath(fs, folder)}${sep}`);
}

/** The Windows drive that a path lies on, seen from inside WSL; null when it is on none, or this is no WSL. */
export function windowsMount(fs: FileSystem, path: string): { point: string; type: string } | null {
  if (!/microsoft/i.test(read(fs, "/proc/version"))) return null;
  const real = realPath(fs, path);
  const mounts = read(fs, "/proc/self/mounts")
    .split("\n")
    .map((line) => line.split(" "))
    .map(([source = "", point = "", type = "", options = ""]) => ({ source, point, type, options }))
    .filter(({ point }) => real === point || real.startsWith(point === "/" ? "/" : `${point}/`));
  // The innermost one holds the path; of two on one place, the later covers the other.
  const [found] = mounts.reverse().sort((a, b) => b.point.length - a.point.length);
  const isWindows =
    found?.type === "drvfs" ||
    (found?.type === "9p" && /drvfs|^[A-Z]:/.test(`${found.source} ${found.options}`));
  return found && isWindows ? { point: found.point, type: found.type } : null;
}

/** The path without links; as given where it cannot be followed. */
export function realPath(fs: FileSystem, path: string): string {
  try {
    return fs.realpathSync(path);
  } catch {
    return path;
  }
}

function read(fs: FileSystem, path: string): string {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
