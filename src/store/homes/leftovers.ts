import { basename, dirname, join } from "node:path";
import { errorCode } from "../../machine/file-error.ts";
import {
  type FileSystem,
  makeFolder,
  namesIn,
  removeIfPresent,
  syncFolder,
  timeInName,
} from "../../machine/file-system.ts";
import { openNew, readRegular, withRegular } from "../../machine/guarded-file.ts";
import type { Paths } from "../../machine/paths.ts";
import { writeFileAtomic } from "../atomic-write.ts";
import type { StoreContext } from "../context.ts";

/**
 * Keeps something of a private home where a person finds it, under a name with its own name in it, and returns the path.
 * A file becomes a copy that only its owner can read; what cannot be read, or is no file, is moved as it is.
 */
export function putAside(
  { fs, now }: Pick<StoreContext, "fs" | "now">,
  { displacedDir }: Paths,
  path: string,
  name = basename(path),
): string {
  makeFolder(fs, displacedDir);
  const place = freePlace(fs, join(displacedDir, `exec-${timeInName(now())}-${name}`));
  const bytes = bytesOf(fs, path);
  if (bytes) writeFileAtomic(fs, place, bytes);
  else move(fs, path, place);
  return place;
}

/** Two homes may end within a millisecond. */
function freePlace(fs: FileSystem, place: string): string {
  const taken = new Set(namesIn(fs, dirname(place)));
  for (let count = 1; ; count += 1) {
    const free = count === 1 ? place : `${place}-${count}`;
    if (!taken.has(basename(free))) return free;
  }
}

function bytesOf(fs: FileSystem, path: string): Buffer | null {
  try {
    return readRegular(fs, path, { followsLinks: false });
  } catch {
    return null;
  }
}

function move(fs: FileSystem, from: string, to: string): void {
  // A folder that may not be written may not be moved either.
  if (fs.lstatSync(from).isDirectory()) fs.chmodSync(from, 0o700);
  fs.renameSync(from, to);
  syncFolder(fs, dirname(to));
}

/** Removes a file, or a folder with all that is in it, also where the folders in it may not be written. */
export function removeTree(fs: FileSystem, path: string): void {
  try {
    fs.rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!["EACCES", "EPERM", "ENOTEMPTY"].includes(errorCode(error))) throw error;
    openFolders(fs, path);
    fs.rmSync(path, { recursive: true, force: true });
  }
}

/** Never through a link. */
function openFolders(fs: FileSystem, path: string): void {
  if (!fs.lstatSync(path).isDirectory()) return;
  fs.chmodSync(path, 0o700);
  for (const name of namesIn(fs, path)) openFolders(fs, join(path, name));
}

/** Files of sessions may be of any size, so they are handled in pieces. */
const pieceBytes = 1024 * 1024;
const anySize = { limitBytes: Infinity };

/** Copies a file to a name that nothing has, with its mode; false, and no copy, when that is not possible. */
export function copyToNew(fs: FileSystem, from: string, to: string): boolean {
  try {
    return withRegular(fs, from, anySize, (source) => {
      const copy = openNew(fs, to);
      try {
        for (const piece of piecesOf(fs, source))
          for (let at = 0; at < piece.length;) at += fs.writeSync(copy, piece, at);
        fs.fchmodSync(copy, fs.fstatSync(source).mode & 0o777);
        return true;
      } catch {
        removeIfPresent(fs, to);
        return false;
      } finally {
        fs.closeSync(copy);
      }
    });
  } catch {
    return false;
  }
}

/** False also when one of them cannot be read. */
export function hasSameBytes(fs: FileSystem, a: string, b: string): boolean {
  try {
    return withRegular(fs, a, anySize, (first) =>
      withRegular(fs, b, anySize, (second) => isSame(fs, first, second)),
    );
  } catch {
    return false;
  }
}

function isSame(fs: FileSystem, first: number, second: number): boolean {
  if (fs.fstatSync(first).size !== fs.fstatSync(second).size) return false;
  const others = piecesOf(fs, second);
  for (const piece of piecesOf(fs, first)) {
    const other = others.next();
    if (other.done || !piece.equals(other.value)) return false;
  }
  return others.next().done === true;
}

/** Each is overwritten by the next. */
function* piecesOf(fs: FileSystem, fd: number): Generator<Buffer> {
  const buffer = Buffer.allocUnsafe(pieceBytes);
  for (;;) {
    let filled = 0;
    for (let count = 1; count > 0 && filled < pieceBytes; filled += count)
      count = fs.readSync(fd, buffer, filled, pieceBytes - filled, null);
    if (filled === 0) return;
    yield buffer.subarray(0, filled);
  }
}
