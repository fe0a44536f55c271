import { basename, join } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { FileSystem } from "./file-system.ts";
import { namesIn } from "./files.ts";
import { lockName } from "./lock-owner.ts";
import { ownNameOf } from "./own-names.ts";
import type { Paths } from "./paths.ts";

/**
 * Throws `store_folder_foreign` where CODEX_AUTH_DIR names a folder of somebody else: its files and ours would meet,
 * and it would be closed to others. A folder that is missing or empty becomes ours.
 */
export function requireStorePlace(fs: FileSystem, paths: Paths): void {
  const { givenStoreDir, storeDir, codexHome } = paths;
  if (givenStoreDir === null || storeDir === join(codexHome, "codex-auth")) return;
  const stat = fs.statSync(storeDir, { throwIfNoEntry: false });
  if (!stat?.isDirectory() || hasPool(fs, paths)) return;
  if ((stat.mode & 0o1000) !== 0) throw refused(storeDir, "is a folder for every user of this machine");
  const names = namesIn(fs, storeDir);
  if (names.length > 0 && !isBegun(fs, paths, names))
    throw refused(storeDir, "holds other files and no pool");
}

function hasPool(fs: FileSystem, { poolFile }: Paths): boolean {
  return fs.lstatSync(poolFile, { throwIfNoEntry: false }) !== undefined;
}

/** Left by a command that was killed before the first pool, or by a person who kept parts or moved a pool aside. */
function isBegun(
  fs: FileSystem,
  { storeDir, locksDir, backupsDir }: Paths,
  names: readonly string[],
): boolean {
  if (names.every((name) => isWhollyOurs(fs, join(storeDir, name)))) return true;
  if (names.some((name) => /^pool\.json\.(broken-\d{8}T\d{9}Z|aside\d*)$/.test(name))) return true;
  if (namesIn(fs, backupsDir).some((name) => /^(pool|repair)-\d{8}T\d{9}Z/.test(name))) return true;
  return names.includes(basename(locksDir)) && namesIn(fs, locksDir).every((name) => lockName.test(name));
}

function isWhollyOurs(fs: FileSystem, path: string): boolean {
  const inside = ownNameOf(fs, path)?.inside;
  return inside ? namesIn(fs, path).every((name) => inside.test(name)) : ownNameOf(fs, path) !== null;
}

function refused(storeDir: string, why: string): CodexAuthError {
  const message = `CODEX_AUTH_DIR names ${storeDir}, which ${why}.`;
  return new CodexAuthError("store_folder_foreign", message, {
    hint: `Name a new folder, or an empty one: export CODEX_AUTH_DIR='${join(storeDir, "codex-auth")}'. Nothing was changed.`,
  });
}
