import { compactHistory, formatHistory, needsCompaction, parseHistory } from "../accounts/history.ts";
import type { HistoryStep } from "../accounts/history.ts";
import { openToAppend } from "../machine/guarded-file.ts";
import { writeFileAtomic } from "./atomic-write.ts";
import { fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { readTextIfPresent } from "./files.ts";

/** A file smaller than this is not worth the look whether it could be smaller. */
const compactionBytes = 256 * 1024;

/**
 * Adds steps to the history. To be called while the lock of the store is held, as inside `updateUsage`: now and then
 * the file is written anew.
 */
export function appendHistory(
  fs: FileSystem,
  path: string,
  steps: readonly HistoryStep[],
  nowMs: number,
): void {
  if (steps.length === 0) return;
  try {
    const fd = openToAppend(fs, path);
    try {
      // A line that a killed command left unfinished must not swallow ours.
      fs.writeSync(fd, `\n${formatHistory(steps)}`);
      if (fs.fstatSync(fd).size < compactionBytes) return;
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw fileError(error, `write ${path}`);
  }
  const all = parseHistory(readTextIfPresent(fs, path) ?? "");
  if (needsCompaction(all, nowMs)) writeFileAtomic(fs, path, formatHistory(compactHistory(all, nowMs)));
}
