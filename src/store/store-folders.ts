import { join } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { makeFolder, namesIn } from "./files.ts";
import type { Paths } from "./paths.ts";

/** Makes the folders that every transaction needs, and closes them to others. */
export function prepareFolders(fs: FileSystem, paths: Paths): void {
  refuseForeignFolder(fs, paths);
  for (const folder of [paths.storeDir, paths.locksDir]) {
    makeFolder(fs, folder);
    keepPrivate(fs, folder);
  }
}

/** Nobody but us gives these names; `backups` or `history.jsonl` may be a person's own. */
const ourNames =
  /^(?:pool\.json|locks|limits\.json|rescue|parked|homes|code-cache|proxied-sessions|rotation|gateway)/;

/** CODEX_AUTH_DIR may be a slip: a folder that is in use for something else is not closed to others, nor filled. */
function refuseForeignFolder(fs: FileSystem, { storeDir, codexHome }: Paths): void {
  if (storeDir === join(codexHome, "codex-auth")) return;
  const names = namesIn(fs, storeDir);
  if (names.length === 0 || names.some((name) => ourNames.test(name))) return;
  const message = `CODEX_AUTH_DIR names a folder that holds other files and no pool: ${storeDir}.`;
  throw new CodexAuthError("store_folder_foreign", message, {
    hint: "Name an empty folder, or one that does not exist yet. Nothing was changed.",
  });
}

/** A folder that was made by hand, or opened to others by mistake. */
function keepPrivate(fs: FileSystem, folder: string): void {
  try {
    if ((fs.statSync(folder).mode & 0o077) !== 0) fs.chmodSync(folder, 0o700);
  } catch (error) {
    throw fileError(error, `close the folder ${folder} to others`);
  }
}
