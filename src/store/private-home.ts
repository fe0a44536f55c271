import { join } from "node:path";
import type { AuthDocument } from "../codex/auth-json.ts";
import { removeHome } from "./abandoned-homes.ts";
import { authFileText } from "./auth-file.ts";
import { writeFileAtomic } from "./atomic-write.ts";
import { tryLockLikeCodex, untilUnlocked } from "./codex-locks.ts";
import { fileError } from "./file-error.ts";
import { isOdd } from "./file-shape.ts";
import { makeFolder, namesIn, readTextIfReadable, removeIfPresent } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import { sha256 } from "./hash.ts";
import { isPrivate, sharedFiles, sharedFolders } from "./home-layout.ts";
import { addOccupant, claimHome, readHomeOwner } from "./home-owner.ts";
import type { Paths } from "./paths.ts";
import { identityOf } from "./process-identity.ts";
import type { HomeLeavings, PrivateHome } from "./store.ts";
import type { StoreEffects } from "./store-effects.ts";

interface Request {
  accountId: string;
  document: AuthDocument;
  /** Folds back and removes the home at this path. */
  close: (path: string) => Promise<HomeLeavings>;
}

/** Makes a home that shares everything of the real one but the login. */
export function makePrivateHome(
  paths: Paths,
  { fs, now, self, sleep }: StoreEffects,
  { accountId, document, close }: Request,
): PrivateHome {
  let written = authFileText(document);
  makeFolder(fs, paths.homesDir);
  const path = claimSlot(fs, join(paths.homesDir, accountId), (home) =>
    claimHome(fs, home, sha256(written), self()),
  );
  const authFile = join(path, "auth.json");
  try {
    linkEverything(fs, paths, path);
    writeFileAtomic(fs, authFile, written);
  } catch (error) {
    const isRemembered = readHomeOwner(fs, path)?.isRemembered ?? false;
    removeHome({ fs, now }, paths, { path, login: null, isRemembered });
    throw error;
  }

  async function lend(renewed: AuthDocument): Promise<void> {
    const locks = [join(path, "auth.lock"), `${authFile}.lock`];
    const release = await untilUnlocked(() => tryLockLikeCodex({ fs, sleep }, locks), sleep);
    try {
      if (readTextIfReadable(fs, authFile) !== written) return;
      written = authFileText(renewed);
      writeFileAtomic(fs, authFile, written);
    } finally {
      release();
    }
  }

  function occupy(pid: number): void {
    try {
      addOccupant(fs, path, identityOf(pid));
    } catch {
      // It counts only when this process is killed, and must not stop the program that has started.
    }
  }

  return {
    path,
    lend,
    occupy,
    close: () => close(path),
  };
}

/** The first place of an account that is free. Places are used again, so that the paths that Codex keeps stay few. */
function claimSlot(fs: FileSystem, prefix: string, claim: (home: string) => boolean): string {
  for (let slot = 1; ; slot += 1) {
    const home = `${prefix}-${slot}`;
    // Something that was left there without a record is nobody's to remove.
    if (isOdd(fs, home, "folder") || !claim(home)) continue;
    makeFolder(fs, home);
    return home;
  }
}

function linkEverything(fs: FileSystem, paths: Paths, home: string): void {
  const { codexHome, storeDir } = paths;
  for (const name of sharedFolders) makeFolder(fs, join(codexHome, name));
  const found = namesIn(fs, codexHome).filter((name) => !isPrivate(name));
  for (const name of new Set([...found, ...sharedFiles])) {
    const target = join(codexHome, name);
    if (target !== storeDir) link(fs, target, join(home, name));
  }
}

function link(fs: FileSystem, target: string, path: string): void {
  try {
    removeIfPresent(fs, path);
    fs.symlinkSync(target, path);
  } catch (error) {
    throw fileError(error, `create the link ${path}`);
  }
}
