import { dirname, join } from "node:path";
import { findAbandonedHomes } from "./abandoned-homes.ts";
import { readAuthJson } from "../codex/auth-json.ts";
import { namesIn, readTextIfReadable } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import type { Paths } from "./paths.ts";
import { currentProcess } from "./process-identity.ts";
import { abandonedTemporaries } from "./temporaries.ts";

/** Temporaries of killed commands and private homes of commands that have ended: what the next transaction sweeps. */
export function leftBehind(fs: FileSystem, paths: Paths, authTarget: string, nowMs: number): string[] {
  const files = abandonedTemporaries(fs, paths, { authTarget, nowMs });
  return [...files, ...findAbandonedHomes(fs, paths, { self: currentProcess }).map(({ path }) => path)];
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
