import { readTextIfPresent } from "./files.ts";
import type { FileSystem } from "./file-system.ts";

/** Whether a file of ours that may be lost is damaged; a missing one is not. */
export function isDamagedJson(fs: FileSystem, path: string): boolean {
  try {
    const text = readTextIfPresent(fs, path);
    if (text !== null) JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

/** How many lines of a file with one JSON object a line are none. */
export function damagedLines(fs: FileSystem, path: string): number {
  const lines = (readTextIfPresent(fs, path) ?? "").split("\n");
  return lines.filter((line) => line !== "" && !(line.startsWith("{") && line.endsWith("}"))).length;
}
