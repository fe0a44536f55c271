import { constants, type Stats } from "node:fs";
import { readRegular } from "../../machine/guarded-file.ts";
import type { FileNode, ShadowTree, Spot } from "./shadow-tree.ts";
import { copyOf, refusal, setTimes } from "./system-answers.ts";

const { O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, S_IFREG, R_OK, W_OK } =
  constants;

interface Opened {
  path: string;
  follows: boolean;
  /** Null for what is read from the disk. */
  file: FileNode | null;
  spot: Spot | null;
  at: number;
  isAppending: boolean;
}

/** No system gives numbers so high to files that it opens. */
const firstDescriptor = 1_000_000_000;

/** The open files of a shadow: those that it has changed are in memory, the others are opened on the disk to be read. */
export class ShadowFiles {
  readonly #tree: ShadowTree;
  readonly #opened = new Map<number, Opened>();
  #next = firstDescriptor;
  /** Bytes that a disk would have to hold besides what it has. */
  #grown = 0;

  constructor(tree: ShadowTree) {
    this.#tree = tree;
  }

  open(path: string, flags: number, mode = 0o666): number {
    const follows = (flags & (O_NOFOLLOW | O_EXCL)) === 0;
    const isWriting = (flags & (O_WRONLY | O_RDWR)) !== 0;
    const base = { path, follows, file: null, spot: null, at: 0, isAppending: (flags & O_APPEND) !== 0 };
    if (!isWriting && this.#tree.changed(path, follows) === null)
      return this.#remember(base, this.#tree.disk.openSync(path, flags));
    const spot = this.#tree.find(path, follows);
    const stat = this.#tree.statAt(spot);
    if (stat) this.#requireFit(spot, stat, flags);
    else this.#make(spot, flags, mode);
    const node = this.#tree.own(spot);
    const file = node.kind === "file" ? node : null;
    if (file && (flags & O_TRUNC) !== 0) this.#setContent(spot, file, Buffer.alloc(0));
    return this.#remember({ ...base, spot, file }, (this.#next += 1));
  }

  close(fd: number): void {
    this.#opened.delete(fd);
    if (fd <= firstDescriptor) this.#tree.disk.closeSync(fd);
  }

  stat(fd: number): Stats {
    const { spot, file } = this.#opened.get(fd) ?? {};
    if (!spot) return this.#tree.disk.fstatSync(fd);
    const stat = file?.stat ?? this.#tree.statAt(spot);
    if (!stat) throw refusal("EBADF", spot.path);
    return copyOf(stat);
  }

  chmod(fd: number, mode: number): void {
    const found = this.#opened.get(fd);
    if (!found) throw refusal("EBADF", String(fd));
    if (found.file?.stat) found.file.stat.mode = S_IFREG | mode;
    else this.#tree.chmod(found.spot ?? this.#tree.find(found.path, found.follows), mode);
  }

  read(fd: number, into: Buffer, offset: number, length: number, position: number | null): number {
    const found = this.#opened.get(fd);
    if (!found?.file) return this.#tree.disk.readSync(fd, into, offset, length, position);
    const bytes = this.#contentOf(found.file);
    const start = position ?? found.at;
    const count = bytes.copy(into, offset, start, Math.min(start + length, bytes.length));
    if (position === null) found.at += count;
    return count;
  }

  write(fd: number, data: string | Uint8Array, offset = 0): number {
    const { file, spot, at, isAppending } = this.#opened.get(fd) ?? {};
    if (!file || !spot || at === undefined) throw refusal("EBADF", String(fd));
    const added = Buffer.from(typeof data === "string" ? Buffer.from(data) : data).subarray(offset);
    const old = this.#contentOf(file);
    const start = isAppending ? old.length : at;
    const rest = old.subarray(start + added.length);
    this.#setContent(spot, file, Buffer.concat([old.subarray(0, start), added, rest]));
    Object.assign(this.#opened.get(fd) ?? {}, { at: start + added.length });
    return added.length;
  }

  #remember(opened: Opened, fd: number): number {
    this.#opened.set(fd, opened);
    return fd;
  }

  #requireFit(spot: Spot, stat: Stats, flags: number): void {
    const isWriting = (flags & (O_WRONLY | O_RDWR)) !== 0;
    const { path } = spot;
    if ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) throw refusal("EEXIST", path);
    if (stat.isSymbolicLink()) throw refusal("ELOOP", path);
    if ((flags & O_DIRECTORY) !== 0 && !stat.isDirectory()) throw refusal("ENOTDIR", path);
    if (isWriting && stat.isDirectory()) throw refusal("EISDIR", path);
    this.#tree.requireAccess(spot, isWriting ? W_OK : R_OK, path);
  }

  #make(spot: Spot, flags: number, mode: number): void {
    if ((flags & O_CREAT) === 0) throw refusal("ENOENT", spot.path);
    this.#tree.requireWritable(spot);
    const stat = this.#tree.newStat(spot, S_IFREG, mode);
    this.#tree.put(spot, { kind: "file", lower: null, bytes: Buffer.alloc(0), stat });
  }

  #contentOf(file: FileNode): Buffer {
    file.bytes ??= file.lower === null ? Buffer.alloc(0) : readRegular(this.#tree.disk, file.lower);
    return file.bytes;
  }

  #setContent(spot: Spot, file: FileNode, bytes: Buffer): void {
    const stat = file.stat ?? this.#tree.ownStat(spot);
    const more = bytes.length - stat.size;
    if (more > 0 && this.#grown + more > this.#tree.freeBytes(spot)) throw refusal("ENOSPC", spot.path);
    this.#grown += more;
    file.bytes = bytes;
    stat.size = bytes.length;
    setTimes(stat, Date.now());
  }
}
