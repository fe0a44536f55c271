import { lstatSync, mkdirSync, readFileSync, readdirSync, unlinkSync } from "node:fs";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "./atomic-write.ts";

/** Where V8's compiled form of the program is kept: one file for each build and each version of Node. */
export function codeCacheFile(storeDir: string, build: string): string {
  return join(storeDir, "cache", `${build}-${process.version}-${process.arch}.v8`);
}

/** Compiled code runs unchecked, so it is only taken from a file that nobody else can have written. */
export function readCodeCache(file: string): Buffer | undefined {
  try {
    const own = process.getuid?.();
    for (const path of [file, dirname(file)]) {
      const { uid, mode } = lstatSync(path);
      if (own === undefined || uid !== own || (mode & 0o077) !== 0) return undefined;
    }
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Keeps the newest only. A cache that cannot be written is no trouble worth a word. */
export function writeCodeCache(file: string, data: Buffer): void {
  try {
    mkdirSync(dirname(file), { mode: 0o700, recursive: true });
    for (const name of readdirSync(dirname(file))) unlinkSync(join(dirname(file), name));
    writeFileAtomic(fs, file, data);
  } catch {
    // The next command compiles again.
  }
}
