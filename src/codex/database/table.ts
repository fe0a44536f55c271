import { openPages, type ReadAt, type SqlitePages, uint16, uint32 } from "./pages.ts";

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

/** A column: text, number, bytes, or null. A number that a double cannot hold is null as well. */
type SqliteValue = string | number | Uint8Array | null;

/** A number of one to nine bytes, and how many there were. */
function varint(bytes: Uint8Array, at: number): { value: number; length: number } {
  let value = 0;
  for (let index = 0; index < 8; index += 1) {
    const byte = bytes[at + index] ?? 0;
    value = value * 128 + (byte & 127);
    if (byte < 128) return { value, length: index + 1 };
  }
  return { value: value * 256 + (bytes[at + 8] ?? 0), length: 9 };
}

/** The columns of a record, as far as its bytes reach. */
function columnsOf(record: Uint8Array): SqliteValue[] {
  const head = varint(record, 0);
  const types: number[] = [];
  for (let at = head.length; at < Math.min(head.value, record.length);) {
    const type = varint(record, at);
    types.push(type.value);
    at += type.length;
  }
  const values: SqliteValue[] = [];
  let at = head.value;
  for (const type of types) {
    const size = sizeOf(type);
    if (at + size > record.length) break;
    values.push(valueOf(type, record.subarray(at, at + size)));
    at += size;
  }
  return values;
}

const numberSizes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function sizeOf(type: number): number {
  return type < 12 ? (numberSizes[type] ?? 0) : Math.floor((type - 12) / 2);
}

function valueOf(type: number, bytes: Uint8Array): SqliteValue {
  if (type >= 12) return type % 2 === 0 ? bytes : textOf(bytes);
  if (type === 8) return 0;
  if (type === 9) return 1;
  return type >= 1 && type <= 6 ? integer(bytes) : null;
}

/** Nearly always ASCII, and then a decoder costs more than the rest of the row. */
function textOf(bytes: Uint8Array): string {
  const isPlain = bytes.length < 1000 && bytes.every((byte) => byte < 128);
  return isPlain ? String.fromCharCode(...bytes) : new TextDecoder().decode(bytes);
}

/** Signed, big end first. */
function integer(bytes: Uint8Array): number | null {
  let value = (bytes[0] ?? 0) > 127 ? -1 : 0;
  for (const byte of bytes) value = value * 256 + byte;
  return Number.isSafeInteger(value) ? value : null;
}

/** Of a cell of a leaf: how long its record is, and what of it stands on the page itself. */
function localRecord(
  page: Uint8Array,
  at: number,
  usableSize: number,
): { size: number; local: Uint8Array; overflow: number } {
  const payload = varint(page, at);
  const start = at + payload.length + varint(page, at + payload.length).length;
  const size = payload.value;
  if (size <= usableSize - 35) return { size, local: page.subarray(start, start + size), overflow: 0 };
  const least = Math.floor(((usableSize - 12) * 32) / 255) - 23;
  const fitting = least + ((size - least) % (usableSize - 4));
  const length = fitting <= usableSize - 35 ? fitting : least;
  return { size, local: page.subarray(start, start + length), overflow: uint32(page, start + length) };
}

/** Where the cells of a page begin; none of what is no page of a table. */
function cellsOf(page: Uint8Array, headerAt: number): { isLeaf: boolean; cells: number[] } | null {
  const type = page[headerAt];
  if (type !== 0x0d && type !== 0x05) return null;
  const isLeaf = type === 0x0d;
  const count = Math.min(uint16(page, headerAt + 3), page.length / 2);
  const pointers = headerAt + (isLeaf ? 8 : 12);
  return { isLeaf, cells: Array.from({ length: count }, (_, index) => uint16(page, pointers + index * 2)) };
}
