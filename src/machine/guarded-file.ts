import type * as nodeFs from "node:fs";
import { constants } from "node:fs";

/**
 * The only module that opens a file by its name. Anybody may have put something else there: a pipe or a terminal keeps
 * its reader waiting, a device never ends, and opening some devices does something to them.
 */
type Opener = Pick<typeof nodeFs, "closeSync" | "fstatSync" | "lstatSync" | "openSync" | "statSync">;
type Reader = Opener & Pick<typeof nodeFs, "readSync">;

export interface ReadOptions {
  /** A larger file throws EFBIG. */
  limitBytes?: number;
  /** False: a symbolic link throws ELOOP. */
  followsLinks?: boolean;
}

/** As much as any file of ours or of Codex may sensibly hold. */
const usualLimitBytes = 64_000_000;

// Windows has none of the first four: there they are undefined, which | takes for 0.
const { O_NONBLOCK, O_NOCTTY, O_NOFOLLOW, O_DIRECTORY } = constants;
const { O_RDONLY, O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_TRUNC } = constants;
const neverWaits = O_NONBLOCK | O_NOCTTY;

/** All bytes of a regular file. Throws what the system says, or EISDIR, ENXIO (a pipe, a device), EFBIG. */
export function readRegular(fs: Reader, path: string, options: ReadOptions = {}): Buffer {
  return withRegular(fs, path, options, (fd) => readOpened(fs, fd, options.limitBytes));
}

/** Opens a regular file for as long as `work` runs. Throws as `readRegular` does. */
export function withRegular<T>(fs: Opener, path: string, options: ReadOptions, work: (fd: number) => T): T {
  const fd = openRegular(fs, path, options);
  try {
    return work(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Opens a regular file for reading; the caller closes it. */
export function openRegular(
  fs: Opener,
  path: string,
  { limitBytes = usualLimitBytes, followsLinks = true }: ReadOptions = {},
): number {
  const flags = O_RDONLY | neverWaits | (followsLinks ? 0 : O_NOFOLLOW);
  requireRegular(followsLinks ? fs.statSync(path) : fs.lstatSync(path), limitBytes);
  return checked(fs, fs.openSync(path, flags), limitBytes);
}

/** Opens a regular file to write at its end, and makes it, mode 0600, where there is none unless told otherwise. */
export function openToAppend(fs: Opener, path: string, { makes = true, followsLinks = true } = {}): number {
  const there = (followsLinks ? fs.statSync : fs.lstatSync)(path, { throwIfNoEntry: false });
  if (there) requireRegular(there, Infinity);
  const flags = O_WRONLY | O_APPEND | (makes ? O_CREAT : 0) | (followsLinks ? 0 : O_NOFOLLOW) | neverWaits;
  return checked(fs, fs.openSync(path, flags, 0o600), Infinity);
}

/** The same with an emptied file, and never through a link. */
export function openEmptied(fs: Opener, path: string): number {
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_NOFOLLOW | neverWaits;
  return checked(fs, fs.openSync(path, flags, 0o600), Infinity);
}

/** Makes a file, mode 0600 from the first moment; throws EEXIST when anything has its name. */
export function openNew(fs: Pick<Opener, "openSync">, path: string): number {
  return fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL, 0o600);
}

/** Opens a folder, to sync it. */
export function openFolder(fs: Pick<Opener, "openSync">, path: string, { followsLinks = true } = {}): number {
  return fs.openSync(path, O_RDONLY | O_DIRECTORY | neverWaits | (followsLinks ? 0 : O_NOFOLLOW));
}

/** What was opened counts: between the look and the opening the name may have got another file. */
function checked(fs: Opener, fd: number, limitBytes: number): number {
  try {
    requireRegular(fs.fstatSync(fd), limitBytes);
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function requireRegular(stat: nodeFs.Stats, limitBytes: number): void {
  if (stat.isDirectory()) throw refusal("EISDIR", "a folder");
  if (stat.isSymbolicLink()) throw refusal("ELOOP", "a symbolic link");
  if (!stat.isFile()) throw refusal("ENXIO", "no regular file");
  if (stat.size > limitBytes) throw refusal("EFBIG", "too large");
}

/** What is left to read of an open file. Its size is only a hint: files in /proc have none, and others may be writing. */
export function readOpened(fs: Reader, fd: number, limitBytes = usualLimitBytes): Buffer {
  let bytes = Buffer.allocUnsafe((fs.fstatSync(fd).size || 4096) + 1);
  for (let filled = 0; ;) {
    const count = fs.readSync(fd, bytes, filled, bytes.length - filled, null);
    filled += count;
    if (filled > limitBytes) throw refusal("EFBIG", "too large");
    if (count === 0) return bytes.subarray(0, filled);
    if (filled === bytes.length) bytes = Buffer.concat([bytes], filled * 2);
  }
}

/** The first bytes of a file in /proc, where the kernel alone makes files: nothing needs a guard, and there may be hundreds. */
export function readKernelFile(fs: Reader, path: string, bytes: Buffer): number {
  const fd = fs.openSync(path, O_RDONLY | neverWaits);
  try {
    return fs.readSync(fd, bytes, 0, bytes.length, 0);
  } finally {
    fs.closeSync(fd);
  }
}

function refusal(code: string, what: string): Error {
  return Object.assign(new Error(what), { code });
}
