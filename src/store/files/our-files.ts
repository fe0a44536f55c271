import { dirname, join } from "node:path";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { fileError } from "../../machine/file-error.ts";
import { type FileSystem, linkTarget, namesIn } from "../../machine/file-system.ts";
import type { Paths } from "../../machine/paths.ts";
import { isTemporary } from "../atomic-write.ts";
import { leftTrialHomes } from "../homes/trial-home.ts";
import { unwrittenTokens } from "../fleet-files.ts";
import { requireUsablePaths } from "../require-writable.ts";
import { displacedStrangers, unsavedName } from "./aside.ts";
import { isOwnFolder, ownCodeCaches } from "./code-cache.ts";
import { type OwnName, ownNameOf, type OwnPart } from "./our-names.ts";

/** A file or folder that codex-auth made. */
export interface OwnFile {
  path: string;
  part: OwnPart;
}

const brokenFile = /^(auth\.json|config\.toml)\.broken-\d{8}T\d{9}Z$/;

/** Everything that codex-auth ever made on this machine, beside what a person asked it to write elsewhere. */
export function ownFiles(fs: FileSystem, paths: Paths): OwnFile[] {
  requireUsablePaths(fs, paths);
  const { storeDir } = paths;
  const names = namesIn(fs, storeDir);
  const found = names.flatMap((name) => {
    const path = join(storeDir, name);
    const part = isTemporary(name) ? "working files" : ownNameOf(fs, path)?.part;
    return part ? [{ path, part }] : [];
  });
  // A removal that was killed at its very end.
  if (names.length === 0 && fs.statSync(storeDir, { throwIfNoEntry: false })?.isDirectory())
    found.push({ path: storeDir, part: "working files" });
  return [
    ...found,
    ...ownCodeCaches(fs, paths.codeCacheDir).map((path) => ({ path, part: "working files" as const })),
    ...leftTrialHomes(fs, paths, Date.now()).map((path) => ({ path, part: "working files" as const })),
    ...brokenFiles(fs, paths).map((path) => ({ path, part: "accounts" as const })),
    ...named(fs, paths.codexHome, unsavedName).map((path) => ({ path, part: "accounts" as const })),
  ];
}

/** What somebody else put among our files. */
export function foreignFiles(fs: FileSystem, { storeDir }: Paths): string[] {
  return namesIn(fs, storeDir).flatMap((name) => {
    const path = join(storeDir, name);
    const own = ownNameOf(fs, path);
    if (!own) return isTemporary(name) ? [] : [path];
    const inside = own.inside ? namesIn(fs, path) : [];
    return inside.filter((each) => !isOwnInside(own, each)).map((each) => join(path, each));
  });
}

const ofDatabase =
  "new tokens of an account in a database, which may not have them; a gateway that starts here writes them there";

/** Files that may hold the only copy of a login or of something that a command made; `ids` are those of the pool. */
export function irreplaceableFiles(fs: FileSystem, paths: Paths, ids: ReadonlySet<string>): string[] {
  return [
    ...named(fs, paths.unsavedDir, /^\.?rescue-/),
    ...[paths.storeDir, paths.codexHome].flatMap((folder) => named(fs, folder, unsavedName)),
    ...unwrittenTokens(fs, paths).map((path) => `${path} (${ofDatabase})`),
    ...named(fs, paths.displacedDir, /^exec-/),
    ...displacedStrangers(fs, paths, ids),
    ...named(fs, paths.storeDir, /^pool\.json\.broken-/),
    ...brokenFiles(fs, paths),
  ];
}

/** Removes all but the lock of the store, which the caller holds, and what is not ours. */
export function removeOwnFiles(fs: FileSystem, { storeLock }: Paths, files: readonly OwnFile[]): void {
  for (const { path } of files.toSorted(accountsLast)) {
    const own = ownNameOf(fs, path);
    if (!own?.inside) remove(fs, path);
    else {
      const names = namesIn(fs, path).filter((name) => isOwnInside(own, name));
      for (const name of names) if (join(path, name) !== storeLock) remove(fs, join(path, name));
      removeIfEmpty(fs, path);
    }
  }
}

/** A removal that fails on its way has lost as little as can be. */
function accountsLast(a: OwnFile, b: OwnFile): number {
  return Number(a.part === "accounts") - Number(b.part === "accounts");
}

/** The folders that are empty once no lock is held any more. */
export function removeEmptyFolders(fs: FileSystem, { locksDir, storeDir, codeCacheDir }: Paths): void {
  for (const folder of [locksDir, storeDir]) removeIfEmpty(fs, folder);
  if (codeCacheDir !== null && isOwnFolder(fs, codeCacheDir)) removeIfEmpty(fs, codeCacheDir);
}

function isOwnInside({ inside }: OwnName, name: string): boolean {
  return inside?.test(name) === true || isTemporary(name);
}

/** Files of Codex that could not be read, and that `switch --replace-broken` or a repair kept aside. */
function brokenFiles(fs: FileSystem, { authFile, codexHome }: Paths): string[] {
  const folders = new Set([dirname(linkTarget(fs, authFile)), codexHome]);
  return [...folders].flatMap((folder) => named(fs, folder, brokenFile));
}

function named(fs: FileSystem, folder: string, pattern: RegExp): string[] {
  return namesIn(fs, folder)
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name));
}

function remove(fs: FileSystem, path: string): void {
  try {
    // For a file that may not be removed, rmSync tells of a folder.
    if (fs.lstatSync(path, { throwIfNoEntry: false })?.isFile()) fs.unlinkSync(path);
    else fs.rmSync(path, { recursive: true, force: true });
  } catch (error) {
    const { code, message } = fileError(error, `remove ${path}`);
    const hint = "See what is left: codex auth uninstall --dry-run. The accounts go last.";
    throw new CodexAuthError(code, message, { hint, cause: error });
  }
}

/** Never what another command has put into it since we looked. */
function removeIfEmpty(fs: FileSystem, folder: string): void {
  try {
    fs.rmdirSync(folder);
  } catch {
    // Somebody's files are in it, or it is gone already.
  }
}
