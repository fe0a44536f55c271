import * as fs from "node:fs";
import type { Stats } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { fileError } from "../../machine/file-error.ts";
import { type FileSystem, namesIn, removeIfPresent } from "../../machine/file-system.ts";
import { openFolder, readOpened, withRegular } from "../../machine/guarded-file.ts";
import type { Paths } from "../../machine/paths.ts";
import { isTemporary, writeFileAtomic } from "../atomic-write.ts";

type CachePaths = Pick<Paths, "codeCacheDir" | "codexHome" | "storeDir">;

/** V8's compiled form of the program, as far as there is one. `damaged`: ours, but not as it was written. */
type CachedCode = { kind: "none" | "damaged" } | { kind: "whole"; data: Buffer; writtenMs: number };

const sizeLimit = 64_000_000;
/** Several versions of Node or of the program may be in use in turn, each with a cache for every daily command. */
const keptCount = 20;

/** One file for each build and each version of Node; a build may have several, for what it does. */
export function cacheNameOf(build: string): string {
  return `${build}-${process.version}-${process.arch}.v8`;
}

/**
 * V8 runs compiled code as it comes. Against other people's code stands ownership: the folder is the user's own, apart
 * from everything that may have come in an archive, and it is the descriptors that are looked at, not names that
 * somebody can swap meanwhile. The hash stands against damage, which would crash V8.
 */
export function readCodeCache(paths: CachePaths, name: string): CachedCode {
  try {
    return inOwnFolder(paths, (folder) => {
      const { bytes, writtenMs } = readOwnFile(join(folder, name));
      const data = unsealCode(bytes);
      return data ? { kind: "whole", data, writtenMs } : { kind: "damaged" };
    });
  } catch {
    return { kind: "none" };
  }
}

/** Whether compiled code was kept already, by a command that wrote. */
export function hasCacheFolder(paths: CachePaths): boolean {
  try {
    return inOwnFolder(paths, () => true);
  } catch {
    return false;
  }
}

/** Keeps the newest few. A cache that cannot be written is no trouble worth a word. */
export function writeCodeCache(paths: CachePaths, name: string, data: Buffer): void {
  try {
    makeFolders(paths);
    inOwnFolder(paths, (folder) => {
      writeFileAtomic(fs, join(folder, name), sealCode(data));
      for (const old of tooOld(folder)) removeIfPresent(fs, join(folder, old));
    });
  } catch {
    // The next command compiles again.
  }
}

/** Throws where the folder is missing, or may be other people's. */
function inOwnFolder<T>(paths: CachePaths, work: (folder: string) => T): T {
  const folder = requireFolder(paths);
  const fd = openFolder(fs, folder, { followsLinks: false });
  try {
    requireOwn(fs.fstatSync(fd));
    // The folder that was looked at, whatever its name leads to by now.
    const opened = process.platform === "linux" ? `/proc/self/fd/${fd}` : folder;
    requireApart(paths, realPath(opened));
    if (opened === folder) requireUnmovable(folder);
    return work(opened);
  } finally {
    fs.closeSync(fd);
  }
}

function requireFolder({ codeCacheDir }: CachePaths): string {
  if (codeCacheDir === null) throw new Error("no cache folder");
  return codeCacheDir;
}

/** An archive that is unpacked as CODEX_HOME, or as our folder, makes files that are the user's own. */
function requireApart({ codexHome, storeDir }: CachePaths, folder: string): void {
  for (const packed of [codexHome, storeDir])
    if (join(folder, sep).startsWith(join(realPath(packed), sep))) throw new Error("no folder of its own");
}

function realPath(path: string): string {
  try {
    return fs.realpathSync.native(path);
  } catch {
    return path;
  }
}

function requireOwn({ uid, mode }: fs.Stats): void {
  if (uid !== process.geteuid?.() || (mode & 0o077) !== 0) throw new Error("not ours alone");
}

/** Where a folder cannot be reached through its descriptor: nobody but the user and root can move what leads to it. */
function requireUnmovable(folder: string): void {
  const parent = dirname(realPath(folder));
  const { uid, mode } = fs.statSync(parent);
  const isOpen = (mode & 0o022) !== 0 && (mode & 0o1000) === 0;
  if (isOpen || (uid !== 0 && uid !== process.geteuid?.())) throw new Error("open to others");
  if (parent !== dirname(parent)) requireUnmovable(parent);
}

/** Of a file with a second name somebody else may have chosen the content. */
function readOwnFile(path: string): { bytes: Buffer; writtenMs: number } {
  return withRegular(fs, path, { limitBytes: sizeLimit, followsLinks: false }, (fd) => {
    const stat = fs.fstatSync(fd);
    requireOwn(stat);
    if (stat.nlink !== 1) throw new Error("no file of ours");
    return { bytes: readOpened(fs, fd, sizeLimit), writtenMs: stat.mtimeMs };
  });
}

/** Only where the user has a home or a cache folder: a HOME that does not exist is not made. */
function makeFolders(paths: CachePaths): void {
  const folder = requireFolder(paths);
  const base = dirname(folder);
  makeOne(base);
  requireApart(paths, join(realPath(base), basename(folder)));
  if (fs.statSync(base).uid === process.geteuid?.()) makeOne(folder);
}

function makeOne(folder: string): void {
  if (!fs.lstatSync(folder, { throwIfNoEntry: false })) fs.mkdirSync(folder, { mode: 0o700 });
}

function tooOld(folder: string): string[] {
  const age = (name: string) => -(fs.lstatSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
  const caches = namesIn(fs, folder).filter((name) => codeCacheName.test(name));
  const old = caches.toSorted((a, b) => age(a) - age(b)).slice(keptCount);
  return [...old, ...namesIn(fs, folder).filter((name) => isTemporary(name))];
}

/** Build, perhaps what of it, version of Node, architecture. */
export const codeCacheName = /^[0-9a-f]{16}(?:-[a-z]+)?-v[\d.]+-\w+\.v8$/;

/** What codex-auth left in a folder for compiled code, by name, kind and owner: other people's files never count. */
export function ownCodeCaches(fs: FileSystem, folder: string | null): string[] {
  if (folder === null || !isOwnFolder(fs, folder)) return [];
  return namesIn(fs, folder)
    .filter((name) => codeCacheName.test(name) || isTemporary(name))
    .map((name) => join(folder, name))
    .filter((path) => isOwn(fs, path, (stat) => stat.isFile()));
}

/** The folder goes too, unless somebody else has files in it. */
export function removeCodeCaches(fs: FileSystem, folder: string): void {
  try {
    for (const path of ownCodeCaches(fs, folder)) fs.unlinkSync(path);
    if (isOwnFolder(fs, folder) && namesIn(fs, folder).length === 0) fs.rmdirSync(folder);
  } catch (error) {
    throw fileError(error, `remove the files in ${folder}`);
  }
}

export function isOwnFolder(fs: FileSystem, path: string): boolean {
  return isOwn(fs, path, (stat) => stat.isDirectory());
}

function isOwn(fs: FileSystem, path: string, isOfKind: (stat: Stats) => boolean): boolean {
  try {
    const stat = fs.lstatSync(path);
    return isOfKind(stat) && (process.geteuid?.() ?? stat.uid) === stat.uid;
  } catch {
    return false;
  }
}

const headerSize = 8;

/** Compiled code behind its hash. */
export function sealCode(data: Uint8Array): Buffer {
  const header = Buffer.alloc(headerSize);
  header.writeBigUInt64LE(damageHash(data));
  return Buffer.concat([header, data]);
}

/** Null when a byte is not as it was sealed. */
function unsealCode(sealed: Buffer): Buffer | null {
  if (sealed.length <= headerSize) return null;
  const data = sealed.subarray(headerSize);
  return sealed.readBigUInt64LE() === damageHash(data) ? data : null;
}

/** What is used of a global that the types of Node leave to browsers. */
interface Assembly {
  Memory: new (size: { initial: number }) => { buffer: ArrayBuffer };
  Module: new (code: Uint8Array) => object;
  Instance: new (
    module: object,
    imports: object,
  ) => { exports: { hash: (end: number, seed: bigint) => bigint } };
}

/**
 * Tells damage, and no more: whoever can write a file can write its hash. Any one wrong word is told for certain.
 *
 * It runs at every start, and is WebAssembly because everything else costs more CPU, measured on the 470 kB of compiled
 * code: node:crypto 5.2 ms and node:zlib 1.8 ms, most of it for loading them, JavaScript 2.1 ms until it is compiled, this
 * 0.9 ms.
 */
export function damageHash(bytes: Uint8Array): bigint {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: Assembly };
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes.length / 65_536) + 1 });
  new Uint8Array(memory.buffer).set(bytes);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { in: { memory } });
  // Spread over all bits, or one byte more would look like another first bit.
  const seed = BigInt(bytes.length) * 0x9e3779b97f4a7c15n;
  return BigInt.asUintN(64, instance.exports.hash(bytes.length, seed));
}

/**
 * (module
 *   (import "in" "memory" (memory 1))
 *   (func (export "hash") (param $end i32) (param $hash i64) (result i64) (local $at i32)
 *     (loop
 *       $hash = ($hash ^ i64.load($at)) * 0x100000001b3
 *       $hash = $hash ^ ($hash >>> 29)
 *       $at = $at + 8
 *       (br_if $at < $end))
 *     $hash))
 */
// oxfmt-ignore
const code = Uint8Array.of(
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  // type 0: (i32, i64) -> i64
  0x01, 0x07, 0x01, 0x60, 0x02, 0x7f, 0x7e, 0x01, 0x7e,
  // import "in" "memory", one page or more
  0x02, 0x0e, 0x01, 0x02, 0x69, 0x6e, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x01,
  // one function of type 0, exported as "hash"
  0x03, 0x02, 0x01, 0x00, 0x07, 0x08, 0x01, 0x04, 0x68, 0x61, 0x73, 0x68, 0x00, 0x00,
  // its body, with one local: i32 $at
  0x0a, 0x31, 0x01, 0x2f, 0x01, 0x01, 0x7f, 0x03, 0x40,
  0x20, 0x01, 0x20, 0x02, 0x29, 0x03, 0x00, 0x85, 0x42, 0xb3, 0x83, 0x80, 0x80, 0x80, 0x20, 0x7e, 0x22, 0x01,
  0x20, 0x01, 0x42, 0x1d, 0x88, 0x85, 0x21, 0x01,
  0x20, 0x02, 0x41, 0x08, 0x6a, 0x22, 0x02, 0x20, 0x00, 0x49, 0x0d, 0x00,
  0x0b, 0x20, 0x01, 0x0b,
);
