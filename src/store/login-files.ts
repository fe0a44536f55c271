import { join, resolve } from "node:path";
import { errorCode } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { namesIn } from "./files.ts";

/** A file that may hold a login, or why it was not read. `isNamed`: the person named it, it was not found in a folder. */
export type LoginFile = { path: string; isNamed: boolean } & ({ text: string } | { problem: string });

export const sizeLimit = 1_000_000;
const depthLimit = 2;

/** Reads a file, or the *.json files of a folder and its direct subfolders. Links inside a folder are not followed. */
export function collectLoginFiles(fs: FileSystem, given: string, cwd: string): LoginFile[] {
  const path = resolve(cwd, given);
  try {
    if (fs.statSync(path).isDirectory()) return searchFolder(fs, path, depthLimit);
  } catch (error) {
    const problem = errorCode(error) === "ENOENT" ? "there is no such file" : "it cannot be read";
    return [{ path, isNamed: true, problem }];
  }
  return [readLoginFile(fs, path, true)];
}

function searchFolder(fs: FileSystem, folder: string, depth: number): LoginFile[] {
  return namesIn(fs, folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const stat = fs.lstatSync(path, { throwIfNoEntry: false });
      if (stat?.isDirectory()) return depth > 1 ? searchFolder(fs, path, depth - 1) : [];
      return name.endsWith(".json") && stat?.isFile() ? [readLoginFile(fs, path, false)] : [];
    });
}

function readLoginFile(fs: FileSystem, path: string, isNamed: boolean): LoginFile {
  try {
    const stat = fs.statSync(path);
    if (!stat.isFile()) return { path, isNamed, problem: "it is no regular file" };
    if (stat.size > sizeLimit) return { path, isNamed, problem: "it is larger than 1 MB" };
    return { path, isNamed, text: fs.readFileSync(path, "utf8") };
  } catch {
    return { path, isNamed, problem: "it cannot be read" };
  }
}
