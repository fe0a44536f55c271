import { sep } from "node:path";
import { mountOf } from "./disk-facts.ts";
import type { FileSystem } from "./file-system.ts";
import { readTextIfReadable } from "./files.ts";

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
