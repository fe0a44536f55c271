import { join, resolve } from "node:path";
import { errorCode } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";

/** A path as it stands in a config.toml: `~` is the user's home, a relative one counts from the file's folder. */
export function resolveNamed(written: string, folder: string, userHome: string): string {
  if (written === "~" || written.startsWith("~/")) return join(userHome, written.slice(1));
  return resolve(folder, written);
}

export type Presence = "file" | "folder" | "missing" | "unknown";

/** What stands at a path, links followed. */
export function presenceOf(fs: FileSystem, path: string): Presence {
  try {
    return fs.statSync(path).isDirectory() ? "folder" : "file";
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes(errorCode(error)) ? "missing" : "unknown";
  }
}
