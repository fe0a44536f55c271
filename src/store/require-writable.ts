import { shellWord } from "../text/shell-words.ts";
import { basename, dirname, isAbsolute, join } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { refuseMounted } from "../machine/disks.ts";
import { errorCode, fileError } from "../machine/file-error.ts";
import { type FileSystem, linkTarget, makeFolder, namesIn } from "../machine/file-system.ts";
import { realPath } from "../machine/path-kind.ts";
import type { Paths } from "../machine/paths.ts";
import { discard, stageFile } from "./atomic-write.ts";
import { requireReadableUnsaved } from "./files/aside.ts";
import { ownNameOf } from "./files/our-names.ts";
import { lockName } from "./locks/lock-folder.ts";

/** As much as any of our files and its copies may need. */
export const roomBytes = 16_000_000;

/**
 * Throws unless everything that a refresh will have to write can be written now: a token that is spent and cannot be
 * saved is lost, and one that was renewed already and cannot be read is spent. Writes a file of the size of a login into each folder and removes it again.
 */
export function requireWritable(
  fs: FileSystem,
  paths: Paths,
  { isLive, accountId }: { isLive: boolean; accountId: string },
): void {
  makeFolder(fs, paths.unsavedDir);
  requireReadableUnsaved(fs, paths.unsavedDir, accountId);
  const targets = [
    paths.poolFile,
    `${paths.unsavedDir}/probe`,
    ...(isLive ? [linkTarget(fs, paths.authFile)] : []),
  ];
  for (const target of targets) {
    refuseMounted(fs, target);
    requireWriting(fs, target);
  }
}

/** Throws where a file of the size of a login could not be written now, and the next ones neither. */
export function requireWriting(fs: FileSystem, target: string): void {
  discard(fs, stageFile(fs, target, "x".repeat(16_384)));
  requireRoom(fs, dirname(target));
}

function requireRoom(fs: FileSystem, folder: string): void {
  try {
    const { blocks, bavail, bsize } = fs.statfsSync(folder);
    if (blocks === 0 || bavail * bsize >= roomBytes) return;
  } catch (error) {
    // Not every file system tells.
    if (errorCode(error) === "ENOSYS") return;
    throw error;
  }
  throw new CodexAuthError("disk_full", `Less than 16 MB are free in ${folder}.`, {
    hint: "Free some space first: a renewed token that cannot be saved would be lost. Nothing was changed.",
  });
}

/** Throws where CODEX_HOME or CODEX_AUTH_DIR names a place that cannot be meant. */
export function requireUsablePaths(fs: FileSystem, paths: Paths): void {
  if (!isAbsolute(paths.givenStoreDir ?? "/")) {
    const message = `CODEX_AUTH_DIR is ${paths.givenStoreDir}, which is another folder wherever you stand.`;
    throw new CodexAuthError("codex_home_missing", message, {
      hint: `Name it from the root: ${paths.storeDir}`,
    });
  }
  if (isCodexHome(fs, paths)) {
    const message = `CODEX_AUTH_DIR names the home of Codex itself, ${paths.codexHome}: its files and ours would meet.`;
    throw new CodexAuthError("codex_home_missing", message, {
      hint: `Name a folder of its own, or unset it: our files are then in ${paths.codexHome}/codex-auth`,
    });
  }
  if (!paths.isHomeExplicit || isFolder(fs, paths.codexHome)) return requireStorePlace(fs, paths);
  // Codex expands no ~ either.
  const hint = paths.codexHome.includes("/~")
    ? 'The shell left ~ as it is, perhaps because of quotes. Write: export CODEX_HOME="$HOME/…"'
    : `Create it, or unset CODEX_HOME: mkdir -p ${shellWord(paths.codexHome)}`;
  const message = `CODEX_HOME names ${paths.codexHome}, which is no folder.`;
  throw new CodexAuthError("codex_home_missing", message, { hint });
}

function isFolder(fs: FileSystem, path: string): boolean {
  try {
    return fs.statSync(path).isDirectory();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error))) return false;
    throw fileError(error, `read ${path}`);
  }
}

/** Both have a history.jsonl and a folder named sessions. */
function isCodexHome(fs: FileSystem, { givenStoreDir, storeDir, codexHome }: Paths): boolean {
  if (givenStoreDir === null) return false;
  const [store, home] = [storeDir, codexHome].map((path) => realPath(fs, path));
  return store === home;
}

/**
 * Throws `store_folder_foreign` where CODEX_AUTH_DIR names a folder of somebody else: its files and ours would meet,
 * and it would be closed to others. A folder that is missing or empty becomes ours.
 */
function requireStorePlace(fs: FileSystem, paths: Paths): void {
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
    hint: `Name a new folder, or an empty one: export CODEX_AUTH_DIR=${shellWord(join(storeDir, "codex-auth"))}. Nothing was changed.`,
  });
}
