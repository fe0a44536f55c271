import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { errorCode, fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { requireRegular } from "./files.ts";

const waitMs = 10_000;

/**
 * Takes the locks that Codex takes around its own save, in its order, and returns what releases them; null when they are held.
 * Node has no flock(2), but a flock belongs to the open file: a short-lived `flock` program locks the descriptor
 * that it inherits, and the lock then lives as long as our descriptor, even through kill -9.
 * Where there is no such program, comparing the file just before the rename is all the protection there is.
 */
export async function tryLockLikeCodex(
  fs: FileSystem,
  paths: readonly string[],
): Promise<(() => void) | null> {
  const descriptors: number[] = [];
  const release = () => descriptors.splice(0).forEach((fd) => fs.closeSync(fd));
  try {
    for (const path of paths) descriptors.push(openLockFile(fs, path));
    if (await flockAll(descriptors)) return release;
  } catch (error) {
    release();
    throw error;
  }
  release();
  return null;
}

/**
 * Calls `attempt` until it no longer answers null, which means that the locks are held; at most ten seconds. Between
 * two attempts nothing of ours is held, so that whoever has them can finish.
 */
export async function untilUnlocked<T>(
  attempt: () => Promise<T | null>,
  sleep: (ms: number) => Promise<void>,
): Promise<T> {
  const deadlineMs = Date.now() + waitMs;
  for (;;) {
    const outcome = await attempt();
    if (outcome !== null) return outcome;
    if (Date.now() >= deadlineMs) throw heldError();
    await sleep(50);
  }
}

/** Codex leaves these files behind for ever, and so do we: removing one would split the lock in two. */
function openLockFile(fs: FileSystem, path: string): number {
  try {
    // A pipe of that name would be waited for.
    if (fs.statSync(path, { throwIfNoEntry: false })?.isFIFO()) requireRegular(fs, path);
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
  // Asked for here, because it brings all of Node's network code along.
  const { spawn } = process.getBuiltinModule("node:child_process");
  // 127 is the shell's word for "no such program".
  const child = spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "ignore", "ignore", ...descriptors] });
  return new Promise((resolve) => {
    // Without a shell there is no flock either; a shell that cannot start just now is no proof of anything.
    child.once("error", (error) => resolve(errorCode(error) === "ENOENT"));
    child.once("exit", (code) => resolve(code === 0 || code === 127));
  });
}

function heldError(): CodexAuthError {
  const message =
    "Another program, most likely a running Codex, has held auth.lock or auth.json.lock for 10 seconds.";
  return new CodexAuthError("auth_lock_blocked", message, {
    hint: "Nothing was changed. Wait until it has saved its login, then run the command again.",
  });
}
