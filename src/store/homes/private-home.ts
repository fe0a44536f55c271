import { constants } from "node:fs";
import { join } from "node:path";
import type { AuthDocument } from "../../codex/auth-json.ts";
import { codexProcesses } from "../../machine/codex-processes.ts";
import { existingFolder } from "../../machine/disks.ts";
import { fileError } from "../../machine/file-error.ts";
import {
  type FileSystem,
  makeFolder,
  namesIn,
  readTextIfReadable,
  removeIfPresent,
} from "../../machine/file-system.ts";
import { sha256 } from "../../machine/hash.ts";
import { isOdd } from "../../machine/path-kind.ts";
import type { Paths } from "../../machine/paths.ts";
import { identityOf } from "../../machine/processes.ts";
import { writeFileAtomic } from "../atomic-write.ts";
import { authFileText } from "../auth-file.ts";
import type { StoreContext } from "../context.ts";
import { tryLockLikeCodex, untilUnlocked } from "../locks/codex-locks.ts";
import type { HomeLeavings, PrivateHome } from "../store.ts";
import {
  addOccupant,
  claimHome,
  isPrivate,
  readHomeOwner,
  sharedFiles,
  sharedFolders,
} from "./home-owner.ts";
import { removeHome } from "./return-home.ts";

interface Request {
  accountId: string;
  document: AuthDocument;
  /** Folds back and removes the home at this path. */
  close: (path: string) => Promise<HomeLeavings>;
}

/** Throws where no private home can be made. Asked before a token is renewed for a program that could not start. */
export function requirePrivateHomes(fs: FileSystem, { homesDir, codexHome }: Paths): void {
  for (const folder of [homesDir, ...sharedFolders.map((name) => join(codexHome, name))]) {
    const nearest = existingFolder(fs, folder);
    if (nearest === folder && folder !== homesDir) continue;
    try {
      fs.accessSync(nearest, constants.W_OK | constants.X_OK);
    } catch (error) {
      throw fileError(error, `make a CODEX_HOME for the command (${folder})`);
    }
  }
}

/** Makes a home that shares everything of the real one but the login. */
export function makePrivateHome(
  paths: Paths,
  { fs, now, self, sleep }: StoreContext,
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

const politeMs = 5_000;
const patienceMs = 8_000;
const stepMs = 50;

/**
 * Ends the background programs that Codex's terminal interface left running in a private home: they would outlive it.
 * False when another Codex, or one that does not end, still runs there.
 */
export async function endDaemons(home: string, sleep: (ms: number) => Promise<void>): Promise<boolean> {
  const asked = new Set<number>();
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += stepMs) {
    const running = codexProcesses(home) ?? [];
    const daemons = running.filter(({ kind }) => kind === "daemon" || kind === "app-server");
    if (daemons.length === 0) return running.length === 0;
    for (const { pid } of daemons) {
      if (waitedMs >= politeMs) end(pid, "SIGKILL");
      else if (!asked.has(pid)) end(pid, "SIGTERM");
      asked.add(pid);
    }
    await sleep(stepMs);
  }
  return false;
}

function end(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended while we looked.
  }
}
