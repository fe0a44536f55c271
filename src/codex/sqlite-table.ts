import { openPages, uint32, type ReadAt, type SqlitePages } from "./sqlite-pages.ts";
import { cellsOf, columnsOf, localRecord, type SqliteValue } from "./sqlite-record.ts";

export type SqliteRow = readonly SqliteValue[];

/** What of a database no honest table of a few rows goes beyond: a broken or hostile one ends here. */
const limits = { pages: 300, rows: 5000, recordBytes: 65_536 };

/**
 * The rows of one table, read page by page as they are needed, without any SQLite. Null when there is no such table,
 * and for what is no database, or a broken one.
 */
export function readSqliteTable(main: ReadAt, wal: ReadAt | null, name: string): SqliteRow[] | null {
  const pages = openPages(main, wal);
  if (!pages) return null;
  const root = rootOf(pages, name);
  return root === null ? null : rowsBelow(pages, root);
}

/** sqlite_schema stands on page 1: type, name, table name, root page, SQL. */
function rootOf(pages: SqlitePages, name: string): number | null {
  const isWanted = ([type, own]: SqliteRow) => type === "table" && own === name;
  const row = rowsBelow(pages, 1, isWanted)?.find(isWanted);
  const root = row?.[3];
  return typeof root === "number" && root > 1 ? root : null;
}

/**
 * In the order of the tree. Null when a page is not what it must be. With `isLast`, no page after that row is read, and
 * of each row only its beginning.
 */
function rowsBelow(
  pages: SqlitePages,
  root: number,
  isLast?: (row: SqliteRow) => boolean,
): SqliteRow[] | null {
  const rows: SqliteRow[] = [];
  for (const leaf of leavesBelow(pages, root)) {
    if (!leaf || rows.length > limits.rows) return null;
    for (const at of leaf.cells) {
      const record = recordAt(pages, leaf.page, { at, isWhole: !isLast });
      if (record === null) return null;
      const row = columnsOf(record);
      rows.push(row);
      if (isLast?.(row)) return rows;
    }
  }
  return rows;
}

interface Leaf {
  page: Uint8Array;
  /** Where its records begin. */
  cells: number[];
}

/** Null, and nothing more, where a page is no part of a tree, or is met again. */
function* leavesBelow(pages: SqlitePages, root: number): Generator<Leaf | null> {
  const seen = new Set<number>();
  const queue = [root];
  for (let number = queue.pop(); number !== undefined; number = queue.pop()) {
    const page = seen.has(number) || seen.size >= limits.pages ? null : pages.page(number);
    const headerAt = number === 1 ? 100 : 0;
    const tree = page && cellsOf(page, headerAt);
    if (!tree) {
      yield null;
      return;
    }
    seen.add(number);
    if (tree.isLeaf) yield { page, cells: tree.cells };
    else queue.push(uint32(page, headerAt + 8), ...tree.cells.map((at) => uint32(page, at)).reverse());
  }
}

/** Without `isWhole` only the beginning, where that of sqlite_schema has all that is asked. */
function recordAt(
  pages: SqlitePages,
  page: Uint8Array,
  { at, isWhole }: { at: number; isWhole: boolean },
): Uint8Array | null {
  const { size, local, overflow } = localRecord(page, at, pages.usableSize);
  if (overflow === 0 || !isWhole) return local;
  if (size > limits.recordBytes) return null;
  const record = new Uint8Array(size);
  record.set(local);
  let filled = local.length;
  for (let number = overflow; filled < size;) {
    const next = number === 0 ? null : pages.page(number);
    if (!next) return null;
    const part = next.subarray(4, Math.min(pages.usableSize, 4 + size - filled));
    record.set(part, filled);
    filled += part.length;
    number = uint32(next, 0);
  }
  return record;
}
