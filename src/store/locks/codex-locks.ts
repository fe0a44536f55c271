import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { errorCode, fileError } from "../../machine/file-error.ts";
import { type FileSystem, namesIn } from "../../machine/file-system.ts";
import { openToAppend } from "../../machine/guarded-file.ts";
import { isEmptyFolder, shapeOf } from "../../machine/path-kind.ts";
import { shellWord } from "../../text/shell-words.ts";
import { heldError, type Obstacle, processesText, type StoreContext } from "../context.ts";
import { type HelperAnswer, runHelper } from "./lock-helper.ts";

type LockContext = Pick<StoreContext, "fs" | "sleep" | "flock">;

const waitMs = 10_000;
const helperAttempts = 4;

/**
 * Takes the locks that Codex takes around its own save, in its order, and returns what releases them; null when they are held.
 * Node has no flock(2), but a flock belongs to the open file: a short-lived program locks the descriptor that it
 * inherits (see lock-helper.ts), and the lock then lives as long as our descriptor, even through kill -9.
 * Where there is no such program, comparing the file just before the rename is all the protection there is; one that
 * is there and does not run is an error.
 */
export async function tryLockLikeCodex(
  { fs, sleep, flock = runHelper }: LockContext,
  paths: readonly string[],
): Promise<(() => void) | null> {
  const descriptors: number[] = [];
  const release = () => descriptors.splice(0).forEach((fd) => fs.closeSync(fd));
  try {
    for (const path of paths) descriptors.push(openLockFile(fs, path));
    if (await flockAll(() => flock(descriptors), sleep)) return release;
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
      hint: `Remove it: rmdir ${shellWord(path)}`,
      cause: error,
    });
  }
}

/** True when all are locked, or when nothing here can lock. Locking one twice does no harm. */
async function flockAll(flock: () => Promise<HelperAnswer>, sleep: LockContext["sleep"]): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    const said = await flock();
    if (said.kind !== "failed") return said.kind !== "held";
    // A machine that starts no program just now may do so in a moment.
    if (attempt === helperAttempts) throw helperError(said);
    await sleep(100 * attempt);
  }
}

function helperError({ name, why }: { name: string; why: string }): CodexAuthError {
  const message = `The program ${name}, with which the locks of Codex are taken, could not be run: ${why}.`;
  return new CodexAuthError("lock_helper_failed", message, {
    hint: `Nothing was changed. Make room for another process (ulimit -u), or see what stands there: ls -l $(command -v ${name})`,
  });
}

/** Other tools lock with a folder that they touch every few seconds. */
const liveMs = 60_000;

interface LockFolder {
  isEmpty: boolean;
  /** It was touched in the last minute, so somebody may hold it. */
  isFresh: boolean;
  names: string[];
}

/** A folder where Codex needs a file to lock; null when there is none. */
export function lockFolder(fs: FileSystem, path: string, nowMs: number): LockFolder | null {
  if (shapeOf(fs, path) !== "folder") return null;
  const isFresh = Math.abs(nowMs - fs.statSync(path).mtimeMs) < liveMs;
  return { isEmpty: isEmptyFolder(fs, path), isFresh, names: namesIn(fs, path).slice(0, 5) };
}

/** Removes it while it is empty and nobody holds it. */
export function removeLockFolder(fs: FileSystem, path: string, nowMs: number): void {
  const folder = lockFolder(fs, path, nowMs);
  if (!folder) return;
  try {
    if (folder.isFresh) throw new Error("another tool has just taken it as its lock");
    fs.rmdirSync(path);
  } catch (error) {
    throw fileError(error, `remove ${path}`);
  }
}

const pollMs = { renewal: 250, codex: 250, locks: 50 };
const codexMs = 10_000;
/** The deadline of a renewal's request, and what comes after it. */
const renewalMs = 140_000;

/** How long a transaction has waited for what. */
export class Waiting {
  readonly #ctx: Pick<StoreContext, "sleep" | "now" | "onWait">;
  readonly #deadlines = new Map<string, number>();
  #last: Obstacle | null = null;

  constructor(ctx: Pick<StoreContext, "sleep" | "now" | "onWait">) {
    this.#ctx = ctx;
  }

  /** Waits for a moment; throws when it has been long enough. */
  async pause(obstacle: Obstacle): Promise<void> {
    const { sleep, onWait } = this.#ctx;
    const leftMs = this.#deadlineOf(obstacle) - Date.now();
    if (leftMs <= 0) throw obstacleError(obstacle);
    this.#last = obstacle;
    onWait?.({ obstacle, leftMs });
    await sleep(pollMs[obstacle.kind]);
  }

  /** Says that the wait is over, if there was one. */
  end(): void {
    if (this.#last) this.#ctx.onWait?.({ obstacle: this.#last, leftMs: 0 });
    this.#last = null;
  }

  /** In real time: the locks and processes of others know no clock of ours. */
  #deadlineOf(obstacle: Obstacle): number {
    const key = obstacle.kind === "renewal" ? `${obstacle.pid} ${obstacle.startedAt}` : obstacle.kind;
    const known = this.#deadlines.get(key);
    if (known !== undefined) return known;
    const deadlineMs = Date.now() + this.#limitMs(obstacle);
    this.#deadlines.set(key, deadlineMs);
    return deadlineMs;
  }

  #limitMs(obstacle: Obstacle): number {
    if (obstacle.kind !== "renewal") return codexMs;
    const ageMs = this.#ctx.now() - Date.parse(obstacle.startedAt);
    return Math.min(renewalMs, Math.max(codexMs, renewalMs - ageMs));
  }
}

function obstacleError(obstacle: Obstacle): CodexAuthError {
  if (obstacle.kind === "codex") return codexError(obstacle);
  if (obstacle.kind === "locks") return heldError();
  const { name, pid, startedAt } = obstacle;
  const message = `codex-auth itself is renewing ${name} (process ${pid}, since ${startedAt}), and that has not ended.`;
  return new CodexAuthError("auth_lock_blocked", message, {
    hint: "Nothing was changed. Run the command again in a minute; to kill that process could lose the new token.",
  });
}

function codexError({ name, processes }: Extract<Obstacle, { kind: "codex" }>): CodexAuthError {
  const who = processesText(processes);
  const message = `Codex runs (${who}) and may be renewing ${name}, whose access token has ended or is about to: its new token would be lost.`;
  return new CodexAuthError("login_in_use", message, {
    hint: "Nothing was changed. Let that Codex work on or end it, then run the command again. Where it only waits, this renews the login first: codex auth check",
  });
}
