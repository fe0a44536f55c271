import { withVault } from "./sealing-fs.ts";
import { join } from "node:path";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { type FileSystem, namesIn, readBytes } from "../../machine/file-system.ts";
import { readingAt } from "../../machine/databases.ts";
import type { Paths } from "../../machine/paths.ts";
import { writeFileAtomic } from "../atomic-write.ts";
import { refuseRunningServers } from "../files/rotation.ts";
import type { Sealed, Store } from "../store.ts";
import { isSealed } from "./sealed-file.ts";

/** Files of a pool that hold tokens; those that Codex reads are not among them. */
function secretFiles(
  fs: FileSystem,
  { storeDir, poolFile, backupsDir, displacedDir, unsavedDir }: Paths,
): string[] {
  const kept = namesIn(fs, storeDir).filter((name) => name.startsWith("pool.json.broken-"));
  const others = [backupsDir, displacedDir, unsavedDir].flatMap((folder) => filesBelow(fs, folder));
  return [poolFile, ...kept.map((name) => join(storeDir, name)), ...others];
}

/** Under the lock of a transaction, which leaves nothing of killed commands and takes in what Codex has written. */
export async function sealPool(fs: FileSystem, store: Store): Promise<Sealed> {
  refuseRunningServers(store);
  // A pool that cannot be read is not made harder to read.
  const { pool } = await store.read();
  const { vault } = fs;
  if (!vault || pool.revision === 0) {
    const hint = "Take in a login first: codex auth import";
    throw new CodexAuthError("usage", "There is no pool to seal yet.", { hint });
  }
  const key = vault.prepare();
  return await store.transaction("seal", () => ({ key, files: convertFiles(fs, store.paths, "seal") }));
}

export async function unsealPool(fs: FileSystem, store: Store): Promise<number> {
  refuseRunningServers(store);
  await store.read();
  return await store.transaction("unseal", () => convertFiles(fs, store.paths, "unseal"));
}

/** What lies open in a sealed pool: a killed `seal`, or a copy that somebody put there. */
export function unsealedFiles(fs: FileSystem, paths: Paths): string[] {
  const wasSealed = (path: string) => readingAt(fs, path, (read) => isSealed(read(0, longestStart)));
  if (!fs.vault || wasSealed(paths.poolFile) !== true) return [];
  return secretFiles(fs, paths).filter((path) => wasSealed(path) === false);
}

/** Seals them, under the lock of a transaction. */
export async function sealRest(fs: FileSystem, store: Store): Promise<void> {
  await store.transaction("fix", () => {
    for (const path of unsealedFiles(fs, store.paths)) rewrite(fs, path, true);
  });
}

/** How much of a file tells whether it is sealed. */
const longestStart = 64;

/**
 * Seals the pool first, because it says whether what is written is sealed; opens it last, for the same reason. Killed
 * in between, both kinds lie there, both can be read, and the next run ends it. Returns how many files were changed.
 */
function convertFiles(fs: FileSystem, paths: Paths, to: "seal" | "unseal"): number {
  const files = secretFiles(fs, paths);
  const inOrder = to === "seal" ? files : files.toReversed();
  return inOrder.filter((path) => rewrite(fs, path, to === "seal")).length;
}

/** What lies there, sealed or not. */
function rawBytes(fs: FileSystem, path: string): Uint8Array {
  return readBytes(withVault(fs, undefined), path);
}

/** Names of lock folders and pipes are no files. */
function filesBelow(fs: FileSystem, folder: string): string[] {
  return namesIn(fs, folder).flatMap((name) => {
    const path = join(folder, name);
    const stat = fs.lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) return filesBelow(fs, path);
    return stat?.isFile() ? [path] : [];
  });
}

function rewrite(fs: FileSystem, path: string, seals: boolean): boolean {
  if (isSealed(rawBytes(fs, path)) === seals) return false;
  const plain = readBytes(fs, path);
  // Reading pool.json tells the vault what it was.
  fs.vault?.turn(seals);
  writeFileAtomic(fs, path, plain);
  return true;
}
