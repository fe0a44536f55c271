import { constants } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { FileSystem } from "./file-system.ts";

/** Whether PATH holds a program of that name; null when there is no PATH to look at. Starts nothing. */
export function hasProgram(fs: FileSystem, path: string | undefined, name: string): boolean | null {
  const folders = (path ?? "").split(":").filter((folder) => isAbsolute(folder));
  if (folders.length === 0) return null;
  return folders.some((folder) => isExecutable(fs, join(folder, name)));
}

function isExecutable(fs: FileSystem, path: string): boolean {
  try {
    fs.accessSync(path, constants.X_OK);
    return fs.statSync(path).isFile();
  } catch {
    return false;
  }
}
