import { readTextIfReadable } from "./files.ts";
import type { FileSystem } from "./file-system.ts";

/** Whether a file of ours that may be lost is damaged; one that is missing, or cannot be opened, is not. */
export function isDamagedJson(fs: FileSystem, path: string): boolean {
  const text = readTextIfReadable(fs, path);
  try {
    if (text !== null) JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

/** How many lines of a file with one JSON object a line are none. */
export function damagedLines(fs: FileSystem, path: string): number {
  const lines = (readTextIfReadable(fs, path) ?? "").split("\n");
  return lines.filter((line) => line !== "" && !(line.startsWith("{") && line.endsWith("}"))).length;
}
