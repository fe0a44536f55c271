import { type FileSystem, removeIfPresent } from "../../machine/file-system.ts";
import { openNew, withRegular } from "../../machine/guarded-file.ts";

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
