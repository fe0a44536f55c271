import { readFileSync } from "node:fs";

const segmentType = 1;
const writable = 2;

/** Names that a program knows. */
export interface Words {
  all: readonly string[];
  /** Those that stand together with `enabled`, as the fields of settings do. */
  ofSettings: readonly string[];
}

/**
 * The words in the lists of names that a Rust program carries, such as the fields of a structure: each is an address and
 * a length in the data segment, and the address leads to text. For 64-bit little-endian ELF.
 */
export function wordsIn(program: string): Words {
  const file = readFileSync(program);
  const segments = segmentsOf(file);
  const texts = segments.find(({ flags }) => flags === 4);
  if (!texts) throw new Error(`${program} has no read-only segment`);
  const lists = segments
    .filter(({ flags }) => (flags & writable) !== 0)
    .flatMap((segment) => listsIn(file, texts, segment));
  const names = (some: readonly string[][]) =>
    [...new Set(some.flat())].filter((word) => /^[A-Za-z_][\w-]*$/.test(word)).sort();
  return { all: names(lists), ofSettings: names(lists.filter((list) => list.includes("enabled"))) };
}

/** Texts that follow each other without a gap; several lists may do so. */
function listsIn(file: Buffer, texts: Segment, { offset, size }: Segment): string[][] {
  const lists: string[][] = [];
  let list: string[] = [];
  for (let at = offset; at + 16 <= offset + size;) {
    const word = textAt(file, texts, at);
    if (word !== null) list.push(word);
    else if (list.length > 0) {
      lists.push(list);
      list = [];
    }
    at += word === null ? 8 : 16;
  }
  return [...lists, list];
}

interface Segment {
  flags: number;
  offset: number;
  address: number;
  size: number;
}

function segmentsOf(file: Buffer): Segment[] {
  const first = Number(file.readBigUInt64LE(32));
  const headers = Array.from({ length: file.readUInt16LE(56) }, (_, index) => first + index * 56);
  return headers
    .filter((at) => file.readUInt32LE(at) === segmentType)
    .map((at) => ({
      flags: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 8)),
      address: Number(file.readBigUInt64LE(at + 16)),
      size: Number(file.readBigUInt64LE(at + 32)),
    }));
}

function textAt(file: Buffer, texts: Segment, at: number): string | null {
  const length = file.readUInt32LE(at + 8);
  if (length < 1 || length > 80 || file.readUInt32LE(at + 12) !== 0) return null;
  const address = Number(file.readBigUInt64LE(at));
  if (address < texts.address || address + length > texts.address + texts.size) return null;
  const start = address - texts.address + texts.offset;
  const text = file.toString("latin1", start, start + length);
  // Any other bytes are no text, and taking them for one would lose the step of the pairs behind them.
  return /^[\x20-\x7e]+$/.test(text) ? text : null;
}
