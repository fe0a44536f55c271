import { basename, dirname, join } from "node:path";
import { fileError } from "./file-error.ts";
import { namesIn, removeIfPresent } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import { randomHex } from "./hash.ts";

const temporaryName = /^\..+\.[0-9a-f]{16}\.codex-auth-tmp$/;

/** New content for a file, safely on disk under another name until `commit`. */
export interface PendingFile {
  target: string;
  temporary: string;
}

/**
 * Writes `content` beside `target` (rename is atomic only inside one file system), mode 0600 from the first byte.
 * The name is unpredictable and created exclusively, so that a planted file or link is never followed.
 */
export function stageFile(
  fs: FileSystem,
  target: string,
  content: string | Uint8Array,
  mode = 0o600,
): PendingFile {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const name = `.${basename(target)}.${randomHex(8)}.codex-auth-tmp`;
  const temporary = join(dirname(target), name);
  try {
    const fd = fs.openSync(temporary, "wx", 0o600);
    try {
      for (let offset = 0; offset < bytes.length;) offset += fs.writeSync(fd, bytes, offset);
      fs.fchmodSync(fd, mode);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    discard(fs, { target, temporary });
    throw fileError(error, `write ${target}`);
  }
  return { target, temporary };
}

/** Puts the staged file in place. Without the sync of the folder a power cut forgets the rename. */
export function commitFile(fs: FileSystem, pending: PendingFile): void {
  try {
    fs.renameSync(pending.temporary, pending.target);
    syncFolder(fs, dirname(pending.target));
  } catch (error) {
    discard(fs, pending);
    throw fileError(error, `write ${pending.target}`);
  }
}

export function discard(fs: FileSystem, pending: PendingFile): void {
  removeIfPresent(fs, pending.temporary);
}

export function writeFileAtomic(fs: FileSystem, target: string, content: string | Uint8Array): void {
  commitFile(fs, stageFile(fs, target, content));
}

export function syncFolder(fs: FileSystem, folder: string): void {
  const fd = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Removes what killed processes left in `folder`. Only for the holder of the store lock: nobody else writes there. */
export function sweepTemporaries(fs: FileSystem, folder: string): void {
  for (const name of namesIn(fs, folder)) {
    if (temporaryName.test(name)) removeIfPresent(fs, join(folder, name));
  }
}
