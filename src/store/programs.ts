import { delimiter, join } from "node:path";
import type { FileSystem } from "./file-system.ts";

/** The programs of these names that PATH leads to, the one that is started first in front. Starts nothing. */
export function programsOnPath(fs: FileSystem, path: string, names: readonly string[]): string[] {
  return path
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder || ".", name)))
    .filter((file) => isProgram(fs, file));
}

function isProgram(fs: FileSystem, file: string): boolean {
  try {
    const stat = fs.statSync(file);
    return stat.isFile() && (stat.mode & 0o111) !== 0;
  } catch {
    return false;
  }
}
