import { dirname, join } from "node:path";
import { lentLogin, mayCodexRenew } from "../../codex/login-documents.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { codexProcesses } from "../../machine/codex-processes.ts";
import { errorCode, fileError } from "../../machine/file-error.ts";
import { syncFolder, timeInName } from "../../machine/file-system.ts";
import { sha256 } from "../../machine/hash.ts";
import type { Paths } from "../../machine/paths.ts";
import { accountName } from "../../pool/account.ts";
import { findAccount } from "../../pool/adopt.ts";
import { discard, keepFile, type PendingFile, placeFile, writeFileAtomic } from "../atomic-write.ts";
import { type PendingLogin, UncertainWrite } from "../auth-file.ts";
import type { Obstacle, StoreContext } from "../context.ts";
import type { LockHold } from "../locks/lock.ts";
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

interface Leaving {
  transaction: WorkingTransaction;
  paths: Paths;
  ctx: StoreContext;
}

/**
 * A running Codex that may be renewing the login in auth.json, which this change would replace: Codex throws new tokens
 * away when the file is no longer the one that it read.
 */
export function codexInTheWay({ transaction, paths, ctx }: Leaving): Obstacle | null {
  const { live, isAuthLocked, ignoresCodex } = transaction;
  if (isAuthLocked || ignoresCodex || !live.login) return null;
  if (!mayCodexRenew(live.login, ctx.now())) return null;
  const processes = (ctx.processes ?? (() => codexProcesses(paths.codexHome)))() ?? [];
  if (processes.length === 0) return null;
  // Not the active one, which is the account that is switched to by now.
  const leaving = findAccount(transaction.pool, live.login);
  const name = leaving
    ? accountName(leaving, transaction.pool.accounts)
    : (live.login.email ?? "the login in auth.json");
  return { kind: "codex", name, processes };
}

/** The login without its refresh token, to lie in auth.json for the moment between the last look and the change. */
interface Loan {
  lease: PendingLogin;
  hash: string;
  /** What lies there now. */
  back: PendingLogin;
}

/** Null where no Codex would renew the login in auth.json, so that nothing has to be lent. */
export function stageLoan({ transaction, ctx }: Leaving): Loan | null {
  const { live, isAuthLocked, ignoresCodex } = transaction;
  if (isAuthLocked || ignoresCodex || !live.login || !live.bytes) return null;
  if (!mayCodexRenew(live.login, ctx.now())) return null;
  const { place, bytes, login } = live;
  // Copies and no hard links: Codex does not save over a file that has several names.
  const back = place.stage(bytes.toString("utf8"));
  const text = place.textOf(lentLogin(login.document));
  return { lease: place.stage(text), hash: sha256(text), back };
}

/**
 * From here on a Codex that starts finds no refresh token. Looks for one that started before: it may have read the
 * token, so it gets its file back as it was, and `codex` is returned. `changed`: somebody else has written the file.
 */
function lend(leaving: Leaving, loan: Loan): Obstacle | "changed" | null {
  loan.lease.place();
  const codex = codexInTheWay(leaving);
  if (!isLentStill(leaving, loan)) return "changed";
  if (codex) loan.back.place();
  return codex;
}

function isLentStill({ transaction }: Pick<Leaving, "transaction">, { hash }: Loan): boolean {
  const { bytes } = transaction.live.place.read();
  return bytes !== null && sha256(bytes) === hash;
}
