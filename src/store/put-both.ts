import { dirname, join } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { confirmChange, discard, keepFile, placeFile, writeFileAtomic } from "./atomic-write.ts";
import type { PendingFile } from "./atomic-write.ts";
import type { WorkingDraft } from "./draft.ts";
import { errorCode, fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { readBytes, syncFolder, timeInName } from "./files.ts";
import { isLentStill, lend } from "./loan.ts";
import type { Loan } from "./loan.ts";
import type { Lease } from "./lock.ts";
import type { Obstacle } from "./obstacle.ts";
import type { Paths } from "./paths.ts";
import type { StoreEffects } from "./store-effects.ts";

export interface Commit {
  draft: WorkingDraft;
  /** What pool.json held when the draft was made. */
  poolBytes: string | null;
  paths: Paths;
  effects: StoreEffects;
  lease: Lease;
}

/**
 * `changed`: somebody else wrote since the draft was read; an obstacle: it has to be waited for. In both cases nothing
 * was written, and the caller starts again.
 */
export type CommitOutcome = "written" | "unchanged" | "changed" | Obstacle;

interface Staged {
  pool: PendingFile;
  /** Null: auth.json is to go. */
  auth: PendingFile | null;
  loan: Loan | null;
}

/** The pool first: it is the only truth, and its projection tells the next command what auth.json was to become. */
export function putBoth(commit: Commit, { pool, auth, loan }: Staged): CommitOutcome {
  const { draft, paths, effects } = commit;
  const { fs } = effects;
  const { target } = draft.live;
  if (draft.replacesBrokenLogin) saveBroken(commit);
  const old = commit.poolBytes === null ? null : keepFile(fs, paths.poolFile);
  let isLent = false;
  try {
    placeFile(fs, pool);
    syncFolder(fs, paths.storeDir);
    if (loan) {
      isLent = true;
      const wait = lend(commit, loan);
      isLent = wait === null;
      if (wait) {
        putPoolBack(commit, old, null);
        return wait;
      }
    }
    if (auth) placeFile(fs, auth);
    else removeFile(fs, target);
  } catch (error) {
    if (loan && isLent) putLoginBack(commit, loan, error);
    putPoolBack(commit, old, error);
    throw fileError(error, `write ${target}`);
  } finally {
    if (old) discard(fs, old);
  }
  confirmChange(fs, target);
  return "written";
}

/** Where that fails too, the pool stays as it is: it promises what the next command completes. */
function putLoginBack(commit: Commit, loan: Loan, cause: unknown): void {
  if (!isLentStill(commit, loan)) return;
  const { back } = loan;
  try {
    commit.effects.fs.renameSync(back.temporary, back.target);
  } catch {
    throw promisedError(cause);
  }
}

/** A pool that promises another auth.json than there is must not stay after an error. */
function putPoolBack({ paths, effects }: Commit, old: PendingFile | null, cause: unknown): void {
  const { fs } = effects;
  try {
    if (old) fs.renameSync(old.temporary, old.target);
    else fs.unlinkSync(paths.poolFile);
  } catch (error) {
    // It was not even written.
    if (errorCode(error) === "ENOENT") return;
    throw promisedError(cause ?? error);
  }
}

/** The projection in the pool tells the next command what auth.json is to become. */
function promisedError(cause: unknown): CodexAuthError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const hint = "The pool has the change already; the next command completes it.";
  return new CodexAuthError("io_error", why, { hint, cause });
}

function saveBroken({ draft, effects }: Commit): void {
  const { fs, now } = effects;
  const { target } = draft.live;
  const aside = join(dirname(target), `auth.json.broken-${timeInName(now())}`);
  writeFileAtomic(fs, aside, readBytes(fs, target));
}

function removeFile(fs: FileSystem, target: string): void {
  try {
    fs.unlinkSync(target);
  } catch (error) {
    throw fileError(error, `remove ${target}`);
  }
}
