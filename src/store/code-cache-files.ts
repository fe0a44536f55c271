import { join } from "node:path";
import type { Stats } from "node:fs";
import { isTemporary } from "./atomic-write.ts";
import { fileError } from "./file-error.ts";
import { namesIn } from "./files.ts";
import type { FileSystem } from "./file-system.ts";

/** Build, version of Node, architecture. */
export const codeCacheName = /^[0-9a-f]{16}-v[\d.]+-\w+\.v8$/;

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
