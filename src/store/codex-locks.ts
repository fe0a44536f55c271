import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { openRegular, openToAppend } from "../machine/guarded-file.ts";
import { errorCode, fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { heldError } from "./obstacle.ts";
import type { StoreEffects } from "./store-effects.ts";

type Effects = Pick<StoreEffects, "fs" | "sleep">;

const waitMs = 10_000;
const helperAttempts = 4;

/**
 * Takes the locks that Codex takes around its own save, in its order, and returns what releases them; null when they are held.
 * Node has no flock(2), but a flock belongs to the open file: a short-lived `flock` program locks the descriptor
 * that it inherits, and the lock then lives as long as our descriptor, even through kill -9.
 * Where there is no such program, comparing the file just before the rename is all the protection there is; one that
 * is there and does not run is an error.
 */
export async function tryLockLikeCodex(
  { fs, sleep }: Effects,
  paths: readonly string[],
): Promise<(() => void) | null> {
  const descriptors: number[] = [];
  const release = () => descriptors.splice(0).forEach((fd) => fs.closeSync(fd));
  try {
    for (const path of paths) descriptors.push(openLockFile(fs, path));
    if (await flockAll(descriptors, sleep)) return release;
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
    return openToAppend(fs, path);
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
async function flockAll(descriptors: readonly number[], sleep: Effects["sleep"]): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    const said = await runFlock(descriptors);
    if (said.kind === "locked" || said.kind === "held") return said.kind === "locked";
    // A machine that starts no program just now may do so in a moment.
    if (attempt === helperAttempts) throw helperError(said.why);
    await sleep(100 * attempt);
  }
}

/** Why locks cannot be taken here although the flock program is there; null when they can. */
export async function lockHelperProblem({ fs }: Pick<Effects, "fs">): Promise<string | null> {
  const fd = openRegular(fs, process.execPath, { limitBytes: Infinity });
  try {
    const said = await runFlock([fd]);
    return said.kind === "failed" ? said.why : null;
  } finally {
    fs.closeSync(fd);
  }
}

type Said = { kind: "locked" } | { kind: "held" } | { kind: "failed"; why: string };

async function runFlock(descriptors: readonly number[]): Promise<Said> {
  const script = descriptors.map((_, index) => `flock -xn ${index + 3}`).join(" && ");
  try {
    const { code, signal, text } = await runShell(script, descriptors);
    // 127 is the shell's word for "no such program", and dash's for one that may not be run.
    const isMissing = code === 127 && !/permission denied/i.test(text);
    if (code === 0 || isMissing) return { kind: "locked" };
    if (code === 1) return { kind: "held" };
    const end = code === null ? `it was ended by ${signal}` : `exit code ${code}`;
    return { kind: "failed", why: text === "" ? end : `${end}, ${text}` };
  } catch (error) {
    // Without a shell there is no flock either; a shell that cannot start just now is no proof of anything.
    if (errorCode(error) === "ENOENT") return { kind: "locked" };
    return { kind: "failed", why: `/bin/sh did not start: ${errorCode(error) || String(error)}` };
  }
}

interface ShellEnd {
  code: number | null;
  signal: string | null;
  /** The last line on standard error. */
  text: string;
}

function runShell(script: string, descriptors: readonly number[]): Promise<ShellEnd> {
  // Asked for here, because it brings all of Node's network code along.
  const { spawn } = process.getBuiltinModule("node:child_process");
  return new Promise((resolve, reject) => {
    const child = spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "ignore", "pipe", ...descriptors] });
    let text = "";
    child.stderr?.on("data", (chunk: Buffer) => void (text += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code, signal) =>
      resolve({ code, signal, text: text.trim().split("\n").at(-1) ?? "" }),
    );
  });
}

function helperError(why: string): CodexAuthError {
  const message = `The program flock, with which the locks of Codex are taken, could not be run: ${why}.`;
  return new CodexAuthError("lock_helper_failed", message, {
    hint: "Nothing was changed. Make room for another process (ulimit -u), or see what stands there: ls -l /bin/sh $(command -v flock)",
  });
}
