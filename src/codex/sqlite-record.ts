import { uint16, uint32 } from "./sqlite-pages.ts";

/** A column: text, number, bytes, or null. A number that a double cannot hold is null as well. */
export type SqliteValue = string | number | Uint8Array | null;

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
export function columnsOf(record: Uint8Array): SqliteValue[] {
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
export function localRecord(
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
export function cellsOf(page: Uint8Array, headerAt: number): { isLeaf: boolean; cells: number[] } | null {
  const type = page[headerAt];
  if (type !== 0x0d && type !== 0x05) return null;
  const isLeaf = type === 0x0d;
  const count = Math.min(uint16(page, headerAt + 3), page.length / 2);
  const pointers = headerAt + (isLeaf ? 8 : 12);
  return { isLeaf, cells: Array.from({ length: count }, (_, index) => uint16(page, pointers + index * 2)) };
}
