import { readSqliteTable, type SqliteRow } from "../codex/database/table.ts";
import type { FileSystem } from "./file-system.ts";
import { openRegular } from "./guarded-file.ts";

type ReadAt = (offset: number, length: number) => Uint8Array;

/** Opens a file for reads at any place, for as long as `work` runs. Null when it cannot be opened or is no file. */
export function readingAt<T>(fs: FileSystem, path: string, work: (read: ReadAt) => T): T | null {
  let fd: number;
  try {
    fd = openRegular(fs, path, { limitBytes: Infinity });
  } catch {
    return null;
  }
  try {
    return work((offset, length) => readAt(fs, fd, { offset, length }));
  } finally {
    fs.closeSync(fd);
  }
}

function readAt(
  fs: FileSystem,
  fd: number,
  { offset, length }: { offset: number; length: number },
): Uint8Array {
  const bytes = Buffer.allocUnsafe(length);
  try {
    return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, offset));
  } catch {
    // An offset that no file has, out of a broken page; or a disk that fails.
    return bytes.subarray(0, 0);
  }
}

/** The rows of a table of a database of Codex, which may be in use; null when there is none or it cannot be read. */
export function readDatabase(fs: FileSystem, path: string, table: string): SqliteRow[] | null {
  return readingAt(fs, path, (main) => {
    const withWal = readingAt(fs, `${path}-wal`, (wal) => readSqliteTable(main, wal, table));
    return withWal ?? readSqliteTable(main, null, table);
  });
}
