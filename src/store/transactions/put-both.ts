import { dirname, join } from "node:path";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { errorCode, fileError } from "../../machine/file-error.ts";
import { syncFolder, timeInName } from "../../machine/file-system.ts";
import type { Paths } from "../../machine/paths.ts";
import { discard, keepFile, type PendingFile, placeFile, writeFileAtomic } from "../atomic-write.ts";
import { type PendingLogin, UncertainWrite } from "../auth-file.ts";
import type { Obstacle, StoreContext } from "../context.ts";
import type { LockHold } from "../locks/lock.ts";
import { isLentStill, lend, type Loan } from "./loan.ts";
import type { WorkingTransaction } from "./transaction.ts";

export interface Commit {
  transaction: WorkingTransaction;
  /** What pool.json held when the transaction was made. */
  poolBytes: string | null;
  paths: Paths;
  ctx: StoreContext;
  hold: LockHold;
}

/**
 * `changed`: somebody else wrote since the transaction was read; an obstacle: it has to be waited for. In both cases nothing
 * was written, and the caller starts again.
 */
export type CommitOutcome = "written" | "unchanged" | "changed" | Obstacle;

interface Staged {
  pool: PendingFile;
  /** Null: the login is to go. */
  auth: PendingLogin | null;
  loan: Loan | null;
}

/** The pool first: it is the only truth, and its projection tells the next command what auth.json was to become. */
export function putBoth(commit: Commit, { pool, auth, loan }: Staged): CommitOutcome {
  const { transaction, paths, ctx } = commit;
  const { fs } = ctx;
  const { target, place } = transaction.live;
  if (transaction.replacesBrokenLogin) saveBroken(commit);
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
    if (auth) auth.place();
    else place.remove();
  } catch (error) {
    if (error instanceof UncertainWrite) throw promisedError(error);
    if (loan && isLent) putLoginBack(commit, loan, error);
    putPoolBack(commit, old, error);
    throw fileError(error, `write ${target}`);
  } finally {
    if (old) discard(fs, old);
  }
  place.confirm();
  return "written";
}

/** Where that fails too, the pool stays as it is: it promises what the next command completes. */
function putLoginBack(commit: Commit, loan: Loan, cause: unknown): void {
  if (!isLentStill(commit, loan)) return;
  try {
    loan.back.place();
  } catch {
    throw promisedError(cause);
  }
}

/** A pool that promises another auth.json than there is must not stay after an error. */
function putPoolBack({ paths, ctx }: Commit, old: PendingFile | null, cause: unknown): void {
  const { fs } = ctx;
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

function saveBroken({ transaction, ctx }: Commit): void {
  const { fs, now } = ctx;
  const { target, bytes } = transaction.live;
  const aside = join(dirname(target), `auth.json.broken-${timeInName(now())}`);
  writeFileAtomic(fs, aside, bytes ?? "");
}
