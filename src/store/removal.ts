import { basename, join } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { namesIn } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import { isThere } from "./file-shape.ts";
import { lastingLinks } from "./home-layout.ts";
import { ownerPath } from "./home-owner.ts";
import { onlyInBackups } from "./only-in-backups.ts";
import { isAbandoned } from "./lock-owner.ts";
import { staleMs } from "./lock.ts";
import { irreplaceableFiles, ownFiles, removeOwnFiles } from "./own-files.ts";
import type { OwnFile } from "./own-files.ts";
import type { OwnPart } from "./own-names.ts";
import type { Paths } from "./paths.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import type { Removal, Snapshot } from "./store.ts";
import type { StoreEffects } from "./store-effects.ts";

/** For the holder of the lock of the store, who has just settled what Codex or a killed command left. */
export function removeWanted(
  { fs, self }: Pick<StoreEffects, "fs" | "self">,
  paths: Paths,
  { isWanted, check, snapshot }: Removal & { snapshot: Snapshot },
): OwnFile[] {
  refuseUsedStore(fs, paths, self());
  const takes = (part: OwnPart) => isWanted({ path: paths.storeDir, part });
  const ids = new Set(snapshot.pool.accounts.map(({ id }) => id));
  check(snapshot, [
    ...(takes("accounts") ? irreplaceableFiles(fs, paths, ids) : []),
    ...(takes("backups") ? onlyInBackups(fs, paths, snapshot) : []),
  ]);
  const files = ownFiles(fs, paths).filter(isWanted);
  removeOwnFiles(fs, paths, files);
  return files;
}

/**
 * Throws `store_in_use` while something else works with the store that its lock does not keep out: a command in a
 * private home, which would lose the login under its feet, or a renewal that waits for its new token.
 */
function refuseUsedStore(fs: FileSystem, paths: Paths, self: ProcessIdentity): void {
  const [home] = usedHomes(fs, paths);
  if (home !== undefined) throw inUse(`A command of codex-auth, or a Codex, still runs in ${home}.`);
  if (isRenewing(fs, paths, self)) throw inUse("A token is being renewed.");
}

/** A transaction has just removed the homes that provably nobody uses. Links alone are what such a home may leave. */
function usedHomes(fs: FileSystem, { homesDir }: Paths): string[] {
  const homes = namesIn(fs, homesDir).map((name) => join(homesDir, name.replace(/\.owner$/, "")));
  return [...new Set(homes)].filter((home) => isThere(fs, ownerPath(home)) || holdsMore(fs, home));
}

function holdsMore(fs: FileSystem, home: string): boolean {
  const isOurs = /^[0-9a-f]{12}-\d+$/.test(basename(home));
  return isOurs && namesIn(fs, home).some((name) => !lastingLinks.includes(name));
}

function isRenewing(fs: FileSystem, { locksDir }: Paths, self: ProcessIdentity): boolean {
  return namesIn(fs, locksDir).some(
    (name) => /^refresh-\w+\.lock$/.test(name) && !isAbandoned(fs, join(locksDir, name), self, staleMs),
  );
}

function inUse(message: string): CodexAuthError {
  return new CodexAuthError("store_in_use", message, {
    hint: "Let it end, then run the command again. Nothing was removed.",
  });
}
