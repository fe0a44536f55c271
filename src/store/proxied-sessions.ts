import { openToAppend } from "../machine/guarded-file.ts";
import { fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { readTextIfReadable } from "./files.ts";

/** Ids are random and short; what is longer was not made by Codex. */
const idPattern = /^[\w.:-]{1,128}$/;

/**
 * The sessions that a rotation proxy has served, one id a line. Their logs name the account that began them, which is
 * not the one whose figures they hold.
 */
export function readProxiedSessions(fs: FileSystem, path: string): ReadonlySet<string> {
  return new Set((readTextIfReadable(fs, path) ?? "").split("\n").filter((line) => idPattern.test(line)));
}

/** Adds ids that are not there yet. */
export function appendProxiedSessions(fs: FileSystem, path: string, ids: Iterable<string>): void {
  const known = readProxiedSessions(fs, path);
  const added = [...ids].filter((id) => idPattern.test(id) && !known.has(id));
  if (added.length === 0) return;
  try {
    const fd = openToAppend(fs, path);
    try {
      // A line that a killed process left unfinished must not swallow ours.
      fs.writeSync(fd, `\n${added.join("\n")}\n`);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw fileError(error, `write ${path}`);
  }
}
