import { readSqliteTable, type SqliteRow } from "../codex/sqlite-table.ts";
import type { FileSystem } from "./file-system.ts";
import { readingAt } from "./positioned-read.ts";

/** The rows of a table of a database of Codex, which may be in use; null when there is none or it cannot be read. */
export function readDatabase(fs: FileSystem, path: string, table: string): SqliteRow[] | null {
  return readingAt(fs, path, (main) => {
    const withWal = readingAt(fs, `${path}-wal`, (wal) => readSqliteTable(main, wal, table));
    return withWal ?? readSqliteTable(main, null, table);
  });
}
