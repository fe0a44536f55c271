import type { Stats } from "node:fs";
import { basename } from "node:path";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { errorCode, fileError } from "../../machine/file-error.ts";
import type { FileSystem } from "../../machine/file-system.ts";
import { randomHex } from "../../machine/hash.ts";
import type { ProcessIdentity } from "../../machine/identity.ts";
import {
  holderLiveness,
  isAbandoned,
  type LockOwner,
  putUpLock,
  readOwner,
  sweepLockLeftovers,
  takeDownLock,
  tokenOf,
} from "./lock-folder.ts";

/** The right to write, until `release`. */
export interface LockHold {
  /** Throws when the lock was lost; called immediately before every rename. */
  assertOwned(): void;
  release(): Promise<void>;
}

export interface LockRequest {
  /** An absolute path in our own folder: beside auth.json a lock folder would break Codex. */
  path: string;
  purpose: string;
  self: ProcessIdentity;
  fs: FileSystem;
  sleep: (ms: number) => Promise<void>;
  /** How long to wait for another holder, in ms. */
  waitMs?: number;
  /** Tokens of locks that the caller has given back, and that the disk did not let go: nobody waits for them. */
  leftBehind?: Set<string>;
}

/** The age at which a lock of unknown fate counts as left behind. */
export const staleMs = 10_000;

type Callback<T extends unknown[] = []> = (error: Error | null, ...rest: T) => void;

/**
 * Takes a lock of proper-lockfile. That library alone lets two holders in when a stale lock has several waiters,
 * takes over from a holder that is only suspended, and removes locks that are no longer its own; the file system
 * that we hand to it closes these holes (see `guardedFileSystem`).
 */
export async function acquireLock(request: LockRequest): Promise<LockHold> {
  // Date.now, not the context's clock: it is compared with times that the file system gives.
  const deadlineMs = Date.now() + (request.waitMs ?? 15_000);
  const hold = new Hold(request);
  const { default: properLockfile } = await import("proper-lockfile");
  for (let delayMs = 6; ; delayMs = Math.min(delayMs * 1.6, 60)) {
    try {
      const release = await properLockfile.lock(request.path, {
        lockfilePath: request.path,
        realpath: false,
        stale: staleMs,
        update: 2_500,
        retries: 0,
        fs: guardedFileSystem(request, hold),
        onCompromised: () => hold.lose(),
      });
      attempt(() => sweepLockLeftovers(request.fs, request.path, request.self, staleMs));
      return hold.until(release);
    } catch (error) {
      if (errorCode(error) !== "ELOCKED") throw fileError(error, `take the lock ${request.path}`);
      if (Date.now() >= deadlineMs) throw lockedError(request);
    }
    await request.sleep(delayMs * (0.5 + Math.random()));
  }
}

/** Whether a lock is held by nobody who could still be at work. Takes nothing. */
export function isUnlocked(fs: FileSystem, path: string, self: ProcessIdentity): boolean {
  return fs.statSync(path, { throwIfNoEntry: false }) === undefined || isAbandoned(fs, path, self, staleMs);
}

/** Our side of one lock: whether we hold it, and under which token. */
class Hold {
  readonly token = randomHex(8);
  readonly #request: LockRequest;
  phase: "waiting" | "held" | "releasing" = "waiting";
  #isLost = false;

  constructor(request: LockRequest) {
    this.#request = request;
  }

  enter(): void {
    putUpLock(this.#request.fs, this.#request.path, this.record());
    this.phase = "held";
  }

  record(): LockOwner {
    const { self, purpose } = this.#request;
    return { ...self, token: this.token, purpose, since: new Date().toISOString() };
  }

  lose(): void {
    this.#isLost = true;
  }

  isOurs(): boolean {
    return tokenOf(this.#request.fs, this.#request.path) === this.token;
  }

  until(release: () => Promise<void>): LockHold {
    return {
      assertOwned: () => {
        if (this.#isLost || !this.isOurs()) throw lostError();
      },
      release: async () => {
        this.phase = "releasing";
        // A lock that proper-lockfile gave up as compromised has nothing left to release. And work that is done is
        // not undone because the lock stays: it is taken over as soon as this process has ended.
        await release().catch(() => attempt(() => this.leave()));
        if (this.isOurs()) this.#request.leftBehind?.add(this.token);
      },
    };
  }

  /** Removes the lock folder, but only while the record in it says that it is ours. */
  leave(): void {
    const { fs, path } = this.#request;
    if (this.isOurs()) takeDownLock(fs, path, { token: this.token, by: this.token });
  }
}

function guardedFileSystem(request: LockRequest, hold: Hold) {
  const { fs, path } = request;
  return {
    mkdir: (_: string, done: Callback) => settle(done, () => hold.enter()),
    stat: (_: string, done: Callback<[Stats?]>) => settle(done, () => judgedStat(request, hold)),
    utimes: (_: string, atime: Date, mtime: Date, done: Callback) =>
      settle(done, () => fs.utimesSync(path, atime, mtime)),
    rmdir: (_: string, done: Callback) =>
      settle(done, () => (hold.phase === "waiting" ? takeOver(request, hold) : hold.leave())),
    rmdirSync: () => hold.leave(),
  };
}

/**
 * The age that proper-lockfile sees: endless when the holder is proven dead (so recovery takes milliseconds, not ten
 * seconds), none while it is proven alive (a suspended process still believes that it holds the lock), else as it is.
 */
function judgedStat({ fs, path, self, leftBehind }: LockRequest, hold: Hold): Stats {
  const stat = fs.lstatSync(path);
  if (hold.phase !== "waiting") return stat;
  const isOwnRest = leftBehind?.has(tokenOf(fs, path) ?? "") ?? false;
  const liveness = isOwnRest ? "dead" : holderLiveness(fs, path, self);
  // A lock of anybody is a folder, and one without a record has no holder whose clock may be ahead.
  const isNobodys = !stat.isDirectory() || (liveness === "unknown" && isFuture(stat) && !readOwner(fs, path));
  if (liveness === "dead" || isNobodys) stat.mtime = new Date(0);
  if (liveness === "alive" || liveness === "self") stat.mtime = new Date();
  return stat;
}

function isFuture({ mtime }: Stats): boolean {
  return mtime.getTime() > Date.now() + staleMs;
}

/** Removes a stale lock. One taker at a time, who looks again: between our look and now it may have a new holder. */
function takeOver(request: LockRequest, hold: Hold): void {
  const { fs, path } = request;
  const turnstile = `${path}.takeover`;
  enterTurnstile(request, turnstile, hold);
  try {
    const token = tokenOf(fs, path);
    if (judgedStat(request, hold).mtime.getTime() >= Date.now() - staleMs) throw busy();
    takeDownLock(fs, path, { token, by: hold.token });
  } finally {
    takeDownLock(fs, turnstile, { token: hold.token, by: hold.token });
  }
}

/** It is held for less than a millisecond; an abandoned one was left by a killed process. */
function enterTurnstile({ fs, self }: LockRequest, turnstile: string, hold: Hold): void {
  try {
    putUpLock(fs, turnstile, hold.record());
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    const token = tokenOf(fs, turnstile);
    if (isAbandoned(fs, turnstile, self, staleMs)) takeDownLock(fs, turnstile, { token, by: hold.token });
    throw busy();
  }
}

function busy(): Error {
  return Object.assign(new Error("The lock is held"), { code: "ELOCKED" });
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // What stays now is cleared away by a later command.
  }
}

function settle<T>(done: (error: Error | null, value?: T) => void, work: () => T): void {
  let value: T;
  try {
    value = work();
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  done(null, value);
}

function lockedError({ fs, path }: LockRequest): CodexAuthError {
  const owner = readOwner(fs, path);
  const who = owner
    ? `process ${owner.pid} on ${owner.host} (${owner.purpose}, since ${owner.since})`
    : "another process";
  // Nobody is told to end it: it may be saving a new token.
  const hint = `Wait for it to end, then run the command again.${owner ? ` What it is: ps -fp ${owner.pid}` : ""}`;
  return new CodexAuthError("store_locked", `${basename(path)} is held by ${who}.`, { hint });
}

function lostError(): CodexAuthError {
  return new CodexAuthError("store_changed", "The lock of the store was lost while the command ran.", {
    hint: "Nothing was changed. Run the command again.",
  });
}
