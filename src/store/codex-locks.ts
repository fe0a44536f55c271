import { spawn } from "node:child_process";
import { basename } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { errorCode, fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";

const waitMs = 10_000;

/**
 * Takes the locks that Codex takes around its own save, in its order, and returns what releases them.
 * Node has no flock(2), but a flock belongs to the open file: a short-lived `flock` program locks the descriptor
 * that it inherits, and the lock then lives as long as our descriptor, even through kill -9.
 * Where there is no such program, comparing the file just before the rename is all the protection there is.
 */
export async function lockLikeCodex(
  fs: FileSystem,
  paths: readonly string[],
  sleep: (ms: number) => Promise<void>,
): Promise<() => void> {
  const descriptors: number[] = [];
  const release = () => descriptors.splice(0).forEach((fd) => fs.closeSync(fd));
  try {
    for (const path of paths) descriptors.push(openLockFile(fs, path));
    const deadlineMs = Date.now() + waitMs;
    while (!(await flockAll(descriptors))) {
      if (Date.now() >= deadlineMs) throw heldError(paths);
      await sleep(50);
    }
  } catch (error) {
    release();
    throw error;
  }
  return release;
}

/** Codex leaves these files behind for ever, and so do we: removing one would split the lock in two. */
function openLockFile(fs: FileSystem, path: string): number {
  try {
    return fs.openSync(path, "a", 0o600);
  } catch (error) {
    if (errorCode(error) !== "EISDIR") throw fileError(error, `open ${path}`);
    const message = `${path} is a folder, so Codex can renew a token but not save it.`;
    throw new CodexAuthError("auth_lock_blocked", message, {
      hint: `Remove it: rmdir '${path}'`,
      cause: error,
    });
  }
}

/** True when all are locked, or when the system has no flock program. Locking one twice does no harm. */
function flockAll(descriptors: readonly number[]): Promise<boolean> {
  const script = descriptors.map((_, index) => `flock -xn ${index + 3}`).join(" && ");
  // 127 is the shell's word for "no such program".
  const child = spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "ignore", "ignore", ...descriptors] });
  return new Promise((resolve) => {
    child.once("error", () => resolve(true));
    child.once("exit", (code) => resolve(code === 0 || code === 127));
  });
}

function heldError(paths: readonly string[]): CodexAuthError {
  const names = paths.map((path) => basename(path)).join(" or ");
  return new CodexAuthError("auth_lock_blocked", `A running Codex has held ${names} for 10 seconds.`, {
    hint: "Wait until it has saved its login, then run the command again.",
  });
}
