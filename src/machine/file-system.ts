import { shellWord } from "../text/shell-words.ts";
import type * as nodeFs from "node:fs";
import { dirname, resolve } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { errorCode, fileError } from "./file-error.ts";
import { openFolder, type ReadOptions, readRegular } from "./guarded-file.ts";

/**
 * The part of node:fs that the store uses. Calls are synchronous: they are short, and a promise per call costs
 * more than the call. Tests pass one that loses power or fails at a chosen call.
 */
export type FileSystem = NodeFileSystem & {
  /** Seals and opens the files of a sealed pool; without it, files are as they are. */
  readonly vault?: Sealing | undefined;
};

export interface Sealing {
  /** What was read from a file, in the clear. */
  open(path: string, bytes: Buffer): Buffer;
  /** What is to be written to it. */
  seal(path: string, bytes: Uint8Array): Uint8Array;
  /** Finds the key, or makes one where the place that is named has none. */
  prepare(): { id: string; source: "file" | "command" | "keyring"; isNew: boolean };
  /** Whether what is written from now on is sealed. */
  turn(isOn: boolean): void;
}

type NodeFileSystem = Pick<
  typeof nodeFs,
  | "accessSync"
  | "chmodSync"
  | "closeSync"
  | "fchmodSync"
  | "fstatSync"
  | "fsyncSync"
  | "linkSync"
  | "lstatSync"
  | "mkdirSync"
  | "openSync"
  | "readSync"
  | "readdirSync"
  | "readlinkSync"
  | "realpathSync"
  | "renameSync"
  | "rmSync"
  | "rmdirSync"
  | "statSync"
  | "statfsSync"
  | "symlinkSync"
  | "unlinkSync"
  | "utimesSync"
  | "writeSync"
>;

/** A config.toml is read, parsed and searched by many; one of a thousand projects is a tenth as large. */
export const configLimit: ReadOptions = { limitBytes: 4_000_000 };

/** A file of a sealed pool comes out in the clear. */
function readOpen(fs: FileSystem, path: string, options?: ReadOptions): Buffer {
  const bytes = readRegular(fs, path, options);
  return fs.vault ? fs.vault.open(path, bytes) : bytes;
}

export function readTextIfPresent(fs: FileSystem, path: string, options?: ReadOptions): string | null {
  try {
    return readOpen(fs, path, options).toString("utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw fileError(error, `read ${path}`);
  }
}

/** Null for what cannot be read, whatever the reason: for what may be missing, and is made again when it is needed. */
export function readTextIfReadable(fs: FileSystem, path: string, options?: ReadOptions): string | null {
  try {
    return readOpen(fs, path, options).toString("utf8");
  } catch {
    return null;
  }
}

export function readBytes(fs: FileSystem, path: string): Uint8Array {
  try {
    return readOpen(fs, path);
  } catch (error) {
    throw fileError(error, `read ${path}`);
  }
}

/**
 * Everything of ours is 0700 from the first moment, whatever the umask. A new folder is made durable, or else a power
 * cut takes it away with all that was safely written into it. Step by step: where a file system makes no folders, as
 * below /proc, a recursive mkdir of Node 20 never returns.
 */
export function makeFolder(fs: FileSystem, folder: string): void {
  try {
    // Again when an uninstall removes a folder under our feet.
    for (let attempt = 0; attempt < 3 && !isFolder(fs, folder); attempt += 1)
      for (const each of missingFolders(fs, folder)) makeOneFolder(fs, each);
  } catch (error) {
    throw fileError(isTaken(fs, folder) ? notFolder() : error, `create the folder ${folder}`);
  }
}

/** By what is no folder: a file, a pipe, a link to nothing. */
function isTaken(fs: FileSystem, path: string): boolean {
  try {
    return !fs.lstatSync(path).isDirectory() && !fs.statSync(path, { throwIfNoEntry: false })?.isDirectory();
  } catch {
    return false;
  }
}

/** The outermost first. */
function missingFolders(fs: FileSystem, folder: string): string[] {
  const missing: string[] = [];
  for (let each = folder; !isFolder(fs, each); each = dirname(each)) missing.unshift(each);
  return missing;
}

function makeOneFolder(fs: FileSystem, folder: string): void {
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
    syncFolder(fs, dirname(folder));
  } catch (error) {
    const code = errorCode(error);
    // Another command was faster.
    if (code === "EEXIST" && isFolder(fs, folder)) return;
    if (code !== "ENOENT" || !isFolder(fs, dirname(folder))) throw error;
    throw new CodexAuthError("io_error", `Cannot create the folder ${folder}: no folder can be made there.`, {
      hint: "Name a folder on a disk. Nothing was changed.",
      cause: error,
    });
  }
}

function isFolder(fs: FileSystem, path: string): boolean {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat && !stat.isDirectory()) throw Object.assign(new Error("no folder"), { code: "ENOTDIR" });
  return stat !== undefined;
}

/** What stands where a folder should be. Of a name that leads to a file, the system says only that it exists. */
export function notFolder(): Error {
  return Object.assign(new Error("no folder"), { code: "NOFOLDER" });
}

export function syncFolder(fs: FileSystem, folder: string): void {
  const fd = openFolder(fs, folder);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** The names in a folder; none when there is no such folder or it cannot be read. */
export function namesIn(fs: FileSystem, folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

/** Throws where the names in a folder are not known, although there is one. */
export function requireListable(fs: FileSystem, folder: string): void {
  try {
    fs.readdirSync(folder);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw fileError(error, `read ${folder}`);
  }
}

export function removeIfPresent(fs: FileSystem, path: string): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // It is gone already, or the folder is read-only: the next command tries again.
  }
}

/** A time for file names: sorts as text and holds nothing that a file system refuses. */
export function timeInName(nowMs: number): string {
  return new Date(nowMs).toISOString().replaceAll(/[-:.]/g, "");
}

/** Whether the name itself is a symbolic link, wherever it leads. */
export function isLink(fs: FileSystem, path: string): boolean {
  try {
    return fs.lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Follows links by hand, because the last one may point to a file that does not exist yet. */
export function linkTarget(fs: FileSystem, path: string): string {
  let target = path;
  for (let hops = 0; hops < 40; hops += 1) {
    try {
      const link = fs.readlinkSync(target);
      // ".." in a link means the parent of the real folder, not of the name that led us there.
      target = resolve(fs.realpathSync(dirname(target)), link);
    } catch (error) {
      // EINVAL: no link. UNKNOWN is what Windows says.
      if (["EINVAL", "ENOENT", "UNKNOWN"].includes(errorCode(error))) return target;
      throw fileError(error, `read ${path}`);
    }
  }
  throw new CodexAuthError("io_error", `${path} is a loop of symbolic links.`, {
    hint: `Look where it points to: ls -l ${shellWord(path)}`,
  });
}
