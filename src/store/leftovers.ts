import { basename, dirname, join } from "node:path";
import { isTemporary } from "./atomic-write.ts";
import { findAbandonedHomes } from "./abandoned-homes.ts";
import { readAuthJson } from "../codex/auth-json.ts";
import { namesIn, readTextIfReadable } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import type { Paths } from "./paths.ts";
import { currentProcess } from "./process-identity.ts";

/** A write of ours takes milliseconds; a temporary that is older has no writer any more. */
const abandonedMs = 60_000;

/** Temporaries of killed commands and private homes of commands that have ended: what the next transaction sweeps. */
export function leftBehind(fs: FileSystem, paths: Paths, authTarget: string, nowMs: number): string[] {
  const { storeDir, backupsDir, parkedDir, codexHome, configFile } = paths;
  const isOurs = (name: string) => isTemporary(name);
  const isAuth = (name: string) => isTemporary(name, [`${basename(authTarget)}.`, "auth.json.broken-"]);
  const isConfig = (name: string) => isTemporary(name, [`${basename(configFile)}.`]);
  const files = [
    ...[storeDir, backupsDir, parkedDir].flatMap((folder) => matching(fs, folder, isOurs)),
    ...matching(fs, dirname(authTarget), isAuth),
    ...matching(fs, codexHome, isConfig),
  ].filter((path) => nowMs - mtimeMs(fs, path) > abandonedMs);
  const homes = findAbandonedHomes(fs, paths, { self: currentProcess }).map(({ path }) => path);
  return [...new Set([...files, ...homes])];
}

/** Damaged files and older logins that were put aside, and that only a person may delete. */
export function keptAside(fs: FileSystem, paths: Paths, authTarget: string): string[] {
  const isAside = (name: string) => /^(auth\.json|config\.toml|pool\.json)\.broken-\w+$/.test(name);
  const folders = new Set([dirname(authTarget), paths.codexHome, paths.storeDir]);
  const ofHomes = matching(fs, paths.parkedDir, (name) => name.startsWith("exec-"));
  return [...[...folders].flatMap((folder) => matching(fs, folder, isAside)), ...ofHomes];
}

/** Parked logins of accounts that are not in the pool; the others are older tokens of what the pool has. */
export function parkedStrangers(fs: FileSystem, { parkedDir }: Paths, ids: ReadonlySet<string>): string[] {
  return matching(
    fs,
    parkedDir,
    (name) => /^[0-9a-f]{12}-.*\.json$/.test(name) && !ids.has(name.slice(0, 12)),
  );
}

/** Rescue files in which the new tokens of a killed renewal are torn. One that cannot be read is none of them. */
export function tornRescues(fs: FileSystem, { rescueDir }: Paths): string[] {
  return matching(fs, rescueDir, (name) => name.includes("rescue-")).filter((path) => {
    const text = readTextIfReadable(fs, path);
    return text !== null && readAuthJson(text).kind !== "login";
  });
}

function matching(fs: FileSystem, folder: string, isWanted: (name: string) => boolean): string[] {
  return namesIn(fs, folder)
    .filter(isWanted)
    .sort()
    .map((name) => join(folder, name));
}

function mtimeMs(fs: FileSystem, path: string): number {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
}
