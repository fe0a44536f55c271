import { basename, dirname, join } from "node:path";
import { fileError, unconfirmedError } from "../machine/file-error.ts";
import {
  type FileSystem,
  makeFolder,
  namesIn,
  readBytes,
  removeIfPresent,
  syncFolder,
} from "../machine/file-system.ts";
import { openNew } from "../machine/guarded-file.ts";
import { randomHex } from "../machine/hash.ts";
import { realPath } from "../machine/path-kind.ts";
import type { Paths } from "../machine/paths.ts";
import { closeToOthers, ownModeOf } from "./files/mode.ts";

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
  keepsWhole = false,
): PendingFile {
  const plain = typeof content === "string" ? Buffer.from(content) : content;
  const bytes = fs.vault?.seal(target, plain) ?? plain;
  const temporary = temporaryPath(target);
  const fd = create(fs, temporary, target);
  let isWhole = false;
  try {
    try {
      for (let offset = 0; offset < bytes.length;) offset += fs.writeSync(fd, bytes, offset);
      isWhole = true;
      fs.fchmodSync(fd, mode);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    if (!isWhole || !keepsWhole) discard(fs, { target, temporary });
    throw fileError(error, `write ${target}`);
  }
  return { target, temporary };
}

function create(fs: FileSystem, temporary: string, target: string): number {
  try {
    return openNew(fs, temporary);
  } catch (error) {
    // Nothing to discard: what stands there is not ours.
    throw fileError(error, `write ${target}`);
  }
}

/** Puts the staged file in place, durably. */
export function commitFile(fs: FileSystem, pending: PendingFile): void {
  placeFile(fs, pending);
  confirmChange(fs, pending.target);
}

export function placeFile(fs: FileSystem, pending: PendingFile): void {
  try {
    fs.renameSync(pending.temporary, pending.target);
  } catch (error) {
    discard(fs, pending);
    throw fileError(error, `write ${pending.target}`);
  }
}

/** Without the sync of its folder a power cut forgets that a file was renamed or removed. */
export function confirmChange(fs: FileSystem, target: string): void {
  try {
    syncFolder(fs, dirname(target));
  } catch (error) {
    throw unconfirmedError(error, target);
  }
}

/** Another name for a file as it stands, so that it can be put back with a rename even when the disk is full. */
export function keepFile(fs: FileSystem, target: string): PendingFile {
  const temporary = temporaryPath(target);
  try {
    fs.linkSync(target, temporary);
    return { target, temporary };
  } catch {
    // Not every file system has hard links.
    return stageFile(fs, target, readBytes(fs, target));
  }
}

export function discard(fs: FileSystem, pending: PendingFile): void {
  removeIfPresent(fs, pending.temporary);
}

/** For files that are kept before a change: unless they are safe, the change does not begin. */
export function writeFileAtomic(fs: FileSystem, target: string, content: string | Uint8Array): void {
  placeFile(fs, stageFile(fs, target, content));
  try {
    syncFolder(fs, dirname(target));
  } catch (error) {
    throw fileError(error, `write ${target}`);
  }
}

/** For what is made again at once: readers find the old content or the new one, a power cut may leave nothing. */
export function writeFileLoosely(fs: FileSystem, target: string, content: string): void {
  const temporary = temporaryPath(target);
  const fd = create(fs, temporary, target);
  try {
    try {
      const bytes = Buffer.from(content);
      for (let offset = 0; offset < bytes.length;) offset += fs.writeSync(fd, bytes, offset);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    discard(fs, { target, temporary });
    throw fileError(error, `write ${target}`);
  }
  placeFile(fs, { target, temporary });
}

/** For what is nowhere else: when an error comes after its last byte, the temporary stays, and it may be whole. */
export function writeFilePrecious(fs: FileSystem, target: string, content: string): void {
  const { temporary } = stageFile(fs, target, content, 0o600, true);
  try {
    fs.renameSync(temporary, target);
    syncFolder(fs, dirname(target));
  } catch (error) {
    throw fileError(error, `write ${target}`);
  }
}

function temporaryPath(target: string): string {
  const name = `.${basename(target)}.${randomHex(8)}.codex-auth-tmp`;
  return join(dirname(target), name);
}

/**
 * Removes what killed processes left in `folder`, only of the files with these names when it is not ours alone: in a
 * folder of logins that several homes link to, the temporaries of the others are alive.
 */
export function sweepTemporaries(fs: FileSystem, folder: string, names?: readonly string[]): void {
  for (const name of namesIn(fs, folder)) {
    if (isTemporary(name, names)) removeIfPresent(fs, join(folder, name));
  }
}

/** New tokens lie under such a name too: until they are in the pool, nobody sweeps them. */
const preciousName = /^\.rescue-/;

/** Whether a file of this name is a temporary, of any file or of those whose names begin so. */
export function isTemporary(name: string, names?: readonly string[]): boolean {
  return (
    !preciousName.test(name) &&
    temporaryName.test(name) &&
    (!names || names.some((each) => name.startsWith(`.${each}`)))
  );
}

/** Makes the folders that every transaction needs, and closes them to others. */
export function prepareFolders(fs: FileSystem, paths: Paths): void {
  for (const folder of [paths.storeDir, paths.locksDir]) makeFolder(fs, folder);
  // One that was made by hand, or opened to others by mistake. The person may have put a link in its place.
  for (const folder of [realPath(fs, paths.storeDir), paths.locksDir])
    if (((ownModeOf(fs, paths, folder) ?? 0) & 0o077) !== 0) closeToOthers(fs, paths, folder);
}
