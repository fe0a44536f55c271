import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "./atomic-write.ts";
import { makeFolder, namesIn, removeIfPresent } from "./files.ts";
import { codeCacheDir } from "./paths.ts";

const cacheName = /^[0-9a-f]{16}-v[\d.]+-\w+\.v8$/;

/** Where V8's compiled form of the program is kept: one file for each build and each version of Node. */
export function codeCacheFile(storeDir: string, build: string): string {
  return join(codeCacheDir(storeDir), `${build}-${process.version}-${process.arch}.v8`);
}

/** Compiled code runs unchecked, so it is only taken from a file that nobody else can have written. */
export function readCodeCache(file: string): Buffer | undefined {
  try {
    const own = process.getuid?.();
    for (const path of [file, dirname(file)]) {
      const { uid, mode } = fs.lstatSync(path);
      if (own === undefined || uid !== own || (mode & 0o077) !== 0) return undefined;
    }
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Keeps the newest only. A cache that cannot be written is no trouble worth a word. */
export function writeCodeCache(file: string, data: Buffer): void {
  const folder = dirname(file);
  try {
    makeFolder(fs, folder);
    for (const name of namesIn(fs, folder)) if (cacheName.test(name)) removeIfPresent(fs, join(folder, name));
    writeFileAtomic(fs, file, data);
  } catch {
    // The next command compiles again.
  }
}
