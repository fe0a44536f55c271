import { dirname } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { discard, stageFile } from "./atomic-write.ts";
import { errorCode } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { linkTarget, makeFolder } from "./files.ts";
import { refuseMounted } from "./mounts.ts";
import type { Paths } from "./paths.ts";
import { requireReadableRescues } from "./rescue.ts";

/** As much as any of our files and its copies may need. */
const roomBytes = 16_000_000;

/**
 * Throws unless everything that a refresh will have to write can be written now: a token that is spent and cannot be
 * saved is lost, and one that was renewed already and cannot be read is spent. Writes a file of the size of a login into each folder and removes it again.
 */
export function requireWritable(
  fs: FileSystem,
  paths: Paths,
  { isLive, accountId }: { isLive: boolean; accountId: string },
): void {
  makeFolder(fs, paths.rescueDir);
  requireReadableRescues(fs, paths.rescueDir, accountId);
  const targets = [
    paths.poolFile,
    `${paths.rescueDir}/probe`,
    ...(isLive ? [linkTarget(fs, paths.authFile)] : []),
  ];
  for (const target of targets) {
    refuseMounted(fs, target);
    discard(fs, stageFile(fs, target, "x".repeat(16_384)));
    requireRoom(fs, dirname(target));
  }
}

function requireRoom(fs: FileSystem, folder: string): void {
  try {
    const { bavail, bsize } = fs.statfsSync(folder);
    if (bavail * bsize >= roomBytes) return;
  } catch (error) {
    // Not every file system tells.
    if (errorCode(error) === "ENOSYS") return;
    throw error;
  }
  throw new CodexAuthError("disk_full", `Less than 16 MB are free in ${folder}.`, {
    hint: "Free some space first: a renewed token that cannot be saved would be lost. Nothing was changed.",
  });
}
