import { join, resolve } from "node:path";
import { decodedText } from "../codex/text-encoding.ts";
import { readRegular } from "../machine/guarded-file.ts";
import { errorCode } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { namesIn } from "./files.ts";

/** A file that may hold a login, or why it was not read. `isNamed`: the person named it, it was not found in a folder. */
export type LoginFile = { path: string; isNamed: boolean } & (
  | { text: string }
  | { problem: string; hint?: string }
);

/** A bundle of a thousand accounts is half as large. */
export const sizeLimit = 16_000_000;
const depthLimit = 3;
const countLimit = 2000;
const folderLimit = 64_000_000;

/** Reads a file, or the *.json files of a folder, three levels deep. Links inside a folder are not followed. */
export function collectLoginFiles(fs: FileSystem, given: string, cwd: string): LoginFile[] {
  const path = resolve(cwd, given);
  try {
    if (fs.statSync(path).isDirectory()) return readFolder(fs, path);
  } catch (error) {
    const problem = errorCode(error) === "ENOENT" ? "there is no such file" : "it cannot be read";
    return [{ path, isNamed: true, problem }];
  }
  return [readLoginFile(fs, path, true)];
}

/** A folder with more files than any store has is most likely the wrong one, and not read at all. */
function readFolder(fs: FileSystem, path: string): LoginFile[] {
  const found = searchFolder(fs, path, depthLimit);
  const size = found.reduce((sum, file) => sum + Math.min(file.size, sizeLimit), 0);
  if (found.length <= countLimit && size <= folderLimit)
    return found.map((file) => readLoginFile(fs, file.path, false));
  const problem = `it holds ${found.length} .json files of ${Math.ceil(size / 1e6)} MB: name a folder nearer to the logins`;
  return [{ path, isNamed: true, problem }];
}

function searchFolder(fs: FileSystem, folder: string, depth: number): { path: string; size: number }[] {
  return namesIn(fs, folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const stat = fs.lstatSync(path, { throwIfNoEntry: false });
      if (stat?.isDirectory()) return depth > 1 ? searchFolder(fs, path, depth - 1) : [];
      return name.endsWith(".json") && stat?.isFile() ? [{ path, size: stat.size }] : [];
    });
}

/** Most likely <(…) of a shell. */
const pipeHint = "Pipe it instead: … | codex auth import -";

function readLoginFile(fs: FileSystem, path: string, isNamed: boolean): LoginFile {
  try {
    return {
      path,
      isNamed,
      text: decodedText(readRegular(fs, path, { limitBytes: sizeLimit, followsLinks: isNamed })).text,
    };
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENXIO") return { path, isNamed, problem: "it is no regular file", hint: pipeHint };
    return { path, isNamed, problem: code === "EFBIG" ? "it is larger than 16 MB" : "it cannot be read" };
  }
}
