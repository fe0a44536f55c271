import { join } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { fileError } from "./file-error.ts";
import { namesIn } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import { isOrphaned, ownerEnding, readHomeOwner } from "./home-owner.ts";
import type { Paths } from "./paths.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import type { RotationReading } from "./rotation-file.ts";

/** What a person may want to keep: logins, copies of them, what is known of quotas; the rest is of no use to anybody. */
export type OwnPart = "accounts" | "backups" | "history" | "working files";

/** A file or folder that codex-auth made. */
export interface OwnFile {
  path: string;
  part: OwnPart;
}

const partNames: readonly (readonly [RegExp, OwnPart])[] = [
  [/^(pool\.json(\.broken-.*)?|parked|rescue)$/, "accounts"],
  [/^backups$/, "backups"],
  [/^(limits\.json|history\.jsonl|sessions)$/, "history"],
];

/** Everything that codex-auth ever made on this machine, beside what a person asked it to write elsewhere. */
export function ownFiles(fs: FileSystem, { storeDir }: Paths): OwnFile[] {
  return namesIn(fs, storeDir).map((name) => ({ path: join(storeDir, name), part: partOf(name) }));
}

function partOf(name: string): OwnPart {
  return partNames.find(([pattern]) => pattern.test(name))?.[1] ?? "working files";
}

/** Removes all but the folder of locks, in which the caller's own lock stands. */
export function removeOwnFiles(fs: FileSystem, { locksDir }: Paths, files: readonly OwnFile[]): void {
  for (const { path } of files) {
    if (path !== locksDir) remove(fs, path);
  }
}

/** The folders that are empty once no lock is held any more. */
export function removeEmptyFolders(fs: FileSystem, { locksDir, storeDir }: Paths): void {
  for (const folder of [locksDir, storeDir]) if (namesIn(fs, folder).length === 0) remove(fs, folder);
}

/** A command that runs in a private home would lose the login under its feet. */
export function refuseUsedHomes(fs: FileSystem, { homesDir }: Paths, self: ProcessIdentity): void {
  const homes = namesIn(fs, homesDir).filter((name) => name.endsWith(ownerEnding));
  const used = homes
    .map((name) => join(homesDir, name.slice(0, -ownerEnding.length)))
    .filter((home) => {
      const owner = readHomeOwner(fs, home);
      return owner !== null && !isOrphaned(owner, self);
    });
  if (used.length === 0) return;
  throw new CodexAuthError("store_in_use", `A command of codex-auth still runs in ${used.join(", ")}.`, {
    hint: "Let it end, then run the command again. Nothing was changed.",
  });
}

/** It would write its figures into a store that is gone. */
export function refuseRunningProxy(found: RotationReading | null): void {
  if (found === null || found.liveness === "dead") return;
  const message = `The rotation proxy still runs (process ${found.entry.process.pid}).`;
  throw new CodexAuthError("store_in_use", message, {
    hint: "End it: codex auth rotation stop. Nothing was changed.",
  });
}

function remove(fs: FileSystem, path: string): void {
  try {
    fs.rmSync(path, { recursive: true, force: true });
  } catch (error) {
    throw fileError(error, `remove ${path}`);
  }
}
