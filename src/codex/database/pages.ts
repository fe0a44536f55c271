/** Reads up to `length` bytes at an offset of a file; fewer at its end. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

/** The pages of a database, with what is committed in its -wal file but not yet in the database itself. */
export interface SqlitePages {
  pageSize: number;
  /** What a page holds without the bytes that extensions reserve. */
  usableSize: number;
  /** Null where the file ends before it. */
  page: (number: number) => Uint8Array | null;
}

const magic = "SQLite format 3\0";
const walHeaderSize = 32;
const frameHeaderSize = 24;

/** A -wal file of that many pages is far beyond what Codex leaves. */
const frameLimit = 50_000;

/** Null for what is no SQLite database, or an empty one. */
export function openPages(main: ReadAt, wal: ReadAt | null): SqlitePages | null {
  const frames = wal ? committedFrames(wal) : null;
  const first = frames?.offsets.get(1);
  const header = wal && first !== undefined ? wal(first, 100) : main(0, 100);
  if (!isHeader(header)) return null;
  const pageSize = uint16(header, 16) === 1 ? 65_536 : uint16(header, 16);
  const isSane = pageSize >= 512 && (pageSize & (pageSize - 1)) === 0;
  if (!isSane || (frames && frames.pageSize !== pageSize)) return null;
  const page = (number: number) => {
    const offset = frames?.offsets.get(number);
    const bytes =
      wal && offset !== undefined ? wal(offset, pageSize) : main((number - 1) * pageSize, pageSize);
    return bytes.length === pageSize ? bytes : null;
  };
  return { pageSize, usableSize: pageSize - (header[20] ?? 0), page };
}

function isHeader(bytes: Uint8Array): boolean {
  return bytes.length === 100 && String.fromCharCode(...bytes.subarray(0, 16)) === magic;
}

/** Where the newest committed state of each page stands. Frames of an older round have another salt. */
function committedFrames(wal: ReadAt): { pageSize: number; offsets: Map<number, number> } | null {
  const header = wal(0, walHeaderSize);
  if (header.length < walHeaderSize || (uint32(header, 0) & 0xfffffffe) !== 0x377f0682) return null;
  const pageSize = uint32(header, 8);
  if (pageSize < 512 || pageSize > 65_536) return null;
  const offsets = new Map<number, number>();
  const uncommitted = new Map<number, number>();
  const frameHeader = inBlocks(wal, frameHeaderSize);
  for (let frame = 0; frame < frameLimit; frame += 1) {
    const start = walHeaderSize + frame * (frameHeaderSize + pageSize);
    const bytes = frameHeader(start);
    if (bytes.length < frameHeaderSize || !hasSalt(bytes, header)) break;
    uncommitted.set(uint32(bytes, 0), start + frameHeaderSize);
    if (uint32(bytes, 4) === 0) continue;
    for (const [page, offset] of uncommitted) offsets.set(page, offset);
    uncommitted.clear();
  }
  return offsets.size > 0 ? { pageSize, offsets } : null;
}

/** A call of the system costs more than the bytes between two headers. */
function inBlocks(read: ReadAt, length: number): (offset: number) => Uint8Array {
  let start = 0;
  let block: Uint8Array = new Uint8Array();
  return (offset) => {
    if (offset + length > start + block.length) {
      start = offset;
      block = read(offset, 131_072);
    }
    return block.subarray(offset - start, offset - start + length);
  };
}

function hasSalt(frame: Uint8Array, header: Uint8Array): boolean {
  return uint32(frame, 8) === uint32(header, 16) && uint32(frame, 12) === uint32(header, 20);
}

export function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function uint32(bytes: Uint8Array, at: number): number {
  return uint16(bytes, at) * 65_536 + uint16(bytes, at + 2);
}
