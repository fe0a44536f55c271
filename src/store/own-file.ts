import { commitFile, discard, stageFile } from "./atomic-write.ts";
import { isUntouched, readLiveFile } from "./auth-file.ts";
import { tryLockLikeCodex, untilUnlocked } from "./codex-locks.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { FileSystem } from "./file-system.ts";
import { refuseMounted } from "./mounts.ts";
import type { Paths } from "./paths.ts";

/**
 * Makes a hard-linked auth.json a file of its own, under the locks that Codex takes around its save. The other names
 * keep the file as it is.
 */
export async function makeOwnAuthFile(
  fs: FileSystem,
  paths: Paths,
  sleep: (ms: number) => Promise<void>,
): Promise<void> {
  const { target } = readLiveFile(fs, paths.authFile);
  const release = await untilUnlocked(
    () => tryLockLikeCodex({ fs, sleep }, [paths.authLock, `${target}.lock`]),
    sleep,
  );
  try {
    replaceByCopy(fs, paths.authFile);
  } finally {
    release();
  }
}

function replaceByCopy(fs: FileSystem, path: string): void {
  const before = readLiveFile(fs, path);
  if (!before.isHardLinked || before.bytes === null) return;
  refuseMounted(fs, before.target);
  const staged = stageFile(fs, before.target, before.bytes);
  try {
    if (!isUntouched(before, readLiveFile(fs, path))) throw changedError(path);
    commitFile(fs, staged);
  } finally {
    discard(fs, staged);
  }
}

function changedError(path: string): CodexAuthError {
  const message = `${path} was changed by another program at this moment.`;
  return new CodexAuthError("store_changed", message, {
    hint: "Nothing was changed. Run the command again.",
  });
}
