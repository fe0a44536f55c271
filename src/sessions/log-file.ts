import * as fs from "node:fs";
import { openRegular } from "../machine/guarded-file.ts";
import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** A rollout log. Inode, size and time tell whether it changed; the name survives a move to the archive. */
export interface SessionFile {
  readonly path: string;
  readonly name: string;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

const folders = ["sessions", "archived_sessions"];
const rolloutName = /^rollout-.+\.jsonl$/;
/** sessions/YYYY/MM/DD/rollout-….jsonl */
const deepestFolder = 4;

/** Every rollout under the given CODEX_HOME folders, each once. Folders that cannot be read hold none. */
export function listSessionFiles(homes: readonly string[]): SessionFile[] {
  const found = new Map<string, SessionFile>();
  for (const home of homes) {
    for (const folder of folders) {
      for (const file of walk(join(home, folder), deepestFolder))
        found.set(`${file.name}\n${file.ino}`, file);
    }
  }
  return [...found.values()];
}

function* walk(folder: string, depth: number): Generator<SessionFile> {
  for (const entry of readFolder(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth > 1) yield* walk(path, depth - 1);
    if (!entry.isFile() || !rolloutName.test(entry.name)) continue;
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    yield { path, name: entry.name, ino: stat.ino, size: stat.size, mtimeMs: stat.mtimeMs };
  }
}

function readFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

const lineEnd = 10;
const firstChunkBytes = 64 * 1024;
const largestChunkBytes = 4 * 1024 * 1024;
/** A longer line holds a picture, or is damaged, and never what is counted here. */
const longestLineBytes = 4 * 1024 * 1024;
const nothing: Buffer = Buffer.alloc(0);

/** An open log of whole lines; what stands after the last line end is torn and not read, nor is a line without end. */
export class LogFile {
  readonly #descriptor: number;
  readonly #size: number;

  constructor(path: string, size: number) {
    this.#descriptor = openRegular(fs, path, { limitBytes: Infinity });
    this.#size = size;
  }

  close(): void {
    fs.closeSync(this.#descriptor);
  }

  /** The beginning: the first line and, when it is not large, more. */
  head(): string {
    for (let length = firstChunkBytes; ; length *= 4) {
      const chunk = this.#read(0, Math.min(length, this.#size));
      if (chunk.includes(lineEnd) || length >= Math.min(this.#size, largestChunkBytes)) {
        return chunk.toString("utf8", 0, chunk.lastIndexOf(lineEnd) + 1);
      }
    }
  }

  /** Lines that contain `needle`, last first. */
  *linesBackwards(needle: string): Generator<string> {
    let end = this.#size;
    let carried = nothing;
    let chunkBytes = firstChunkBytes;
    // Of the line that ends at `end`: it is torn, or too long.
    let isDropped = true;
    while (end > 0) {
      const start = Math.max(0, end - chunkBytes);
      const chunk = Buffer.concat([this.#read(start, end - start), carried]);
      // The first line of a chunk may have begun before it.
      const from = start === 0 ? 0 : chunk.indexOf(lineEnd) + 1;
      end = start;
      chunkBytes = Math.min(largestChunkBytes, chunkBytes * 2);
      if (start > 0 && from === 0) {
        isDropped ||= chunk.length > longestLineBytes;
        carried = isDropped ? nothing : chunk;
        continue;
      }
      const until = isDropped ? chunk.lastIndexOf(lineEnd) + 1 : chunk.length;
      yield* linesLastFirst(chunk.subarray(Math.min(from, until), until), needle);
      isDropped = from > longestLineBytes;
      carried = isDropped ? nothing : chunk.subarray(0, from);
    }
  }

  /** Lines from byte `start`, the start of a line, that contain one of `needles`. Returns where whole lines end. */
  *linesFrom(start: number, needles: readonly string[]): Generator<string, number> {
    let at = start;
    let lineStart = start;
    let carried = nothing;
    while (at < this.#size) {
      const chunk = this.#read(at, Math.min(largestChunkBytes, this.#size - at), carried);
      if (chunk.length === carried.length) break;
      const before = at - carried.length;
      at = before + chunk.length;
      const until = chunk.lastIndexOf(lineEnd) + 1;
      // Its beginning was let go: what comes until its end is no line.
      const from = before > lineStart ? chunk.indexOf(lineEnd) + 1 : 0;
      yield* linesInOrder(chunk.subarray(from, until), needles);
      if (until > 0) lineStart = before + until;
      carried = chunk.subarray(until);
      if (before + until > lineStart || carried.length > longestLineBytes) carried = nothing;
    }
    return lineStart;
  }

  /** Whether a line is longer than this. */
  hasLineOver(limitBytes: number): boolean {
    let lineStart = 0;
    for (let at = 0; at < this.#size;) {
      const chunk = this.#read(at, Math.min(largestChunkBytes, this.#size - at));
      if (chunk.length === 0) break;
      const first = chunk.indexOf(lineEnd);
      at += chunk.length;
      if ((first === -1 ? at : at - chunk.length + first) - lineStart > limitBytes) return true;
      if (first !== -1) lineStart = at - chunk.length + chunk.lastIndexOf(lineEnd) + 1;
    }
    return false;
  }

  /** Bytes from `start`, after `prefix`; fewer when the file has become shorter. */
  #read(start: number, length: number, prefix: Buffer = nothing): Buffer {
    const buffer = Buffer.allocUnsafe(prefix.length + length);
    prefix.copy(buffer);
    let filled = prefix.length;
    while (filled < buffer.length) {
      const from = start + filled - prefix.length;
      const count = fs.readSync(this.#descriptor, buffer, filled, buffer.length - filled, from);
      if (count === 0) break;
      filled += count;
    }
    return buffer.subarray(0, filled);
  }
}

/** Null when the log cannot be read: removed meanwhile, or not ours. It may be there next time. */
export function withLog<T>(file: { path: string; size: number }, read: (log: LogFile) => T): T | null {
  try {
    const log = new LogFile(file.path, file.size);
    try {
      return read(log);
    } finally {
      log.close();
    }
  } catch (error) {
    if (isFileError(error)) return null;
    throw error;
  }
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

function* linesLastFirst(lines: Buffer, needle: string): Generator<string> {
  let end = lines.length;
  while (end > 0) {
    const at = lines.lastIndexOf(needle, end - 1);
    if (at === -1) return;
    const start = lines.lastIndexOf(lineEnd, at) + 1;
    yield lines.toString("utf8", start, endOfLine(lines, at));
    end = start;
  }
}

function* linesInOrder(lines: Buffer, needles: readonly string[]): Generator<string> {
  const next = needles.map((needle) => indexOrEnd(lines, needle, 0));
  for (let start = Math.min(...next); start < lines.length; start = Math.min(...next)) {
    const end = endOfLine(lines, start);
    yield lines.toString("utf8", lines.lastIndexOf(lineEnd, start) + 1, end);
    for (const [index, needle] of needles.entries()) {
      if ((next[index] ?? 0) < end) next[index] = indexOrEnd(lines, needle, end);
    }
  }
}

function indexOrEnd(lines: Buffer, needle: string, from: number): number {
  const at = lines.indexOf(needle, from);
  return at === -1 ? lines.length : at;
}

function endOfLine(lines: Buffer, from: number): number {
  const end = lines.indexOf(lineEnd, from);
  return end === -1 ? lines.length : end;
}

/** No line of Codex is as long, pictures included. */
const limitBytes = 64 * 1024 * 1024;

/** Logs with a line that never seems to end; such a line is passed over wherever figures are read. */
export function logsWithEndlessLine(homes: readonly string[]): string[] {
  return listSessionFiles(homes)
    .filter((file) => file.size > limitBytes && withLog(file, (log) => log.hasLineOver(limitBytes)) === true)
    .map(({ path }) => path);
}
