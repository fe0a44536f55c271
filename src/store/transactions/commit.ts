import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { dirname } from "node:path";
import { refuseMounted } from "../../machine/disks.ts";
import { makeFolder, readBytes, syncFolder, timeInName } from "../../machine/file-system.ts";
import { isSameDocument } from "../../pool/adopt.ts";
import { isOlderVersion, poolText } from "../../pool/pool.ts";
import {
  commitFile,
  discard,
  type PendingFile,
  placeFile,
  stageFile,
  writeFileAtomic,
} from "../atomic-write.ts";
import { isUntouched, type PendingLogin } from "../auth-file.ts";
import { isDailyBackupDue, takeBackup } from "../backups/backups.ts";
import { writeDisplaced } from "../files/aside.ts";
import { readOwnText } from "../own-text.ts";
import { codexInTheWay, type Commit, type CommitOutcome, putBoth, stageLoan } from "./put-both.ts";
import type { WorkingTransaction } from "./transaction.ts";

/** Writes what the transaction has become. */
export async function commitTransaction(commit: Commit): Promise<CommitOutcome> {
  const { transaction, paths, ctx } = commit;
  transaction.settleActive();
  const authText = newAuthText(transaction);
  if (authText !== undefined) transaction.pool.projection = { before: transaction.live.version };
  const isChanged =
    authText !== undefined || transaction.isSwitch || poolText(transaction.pool) !== commit.poolBytes;
  if (!isChanged) {
    if (transaction.mustKeepDisplaced) writeAllDisplaced(commit);
    return "unchanged";
  }
  refuseMounted(ctx.fs, paths.poolFile);
  if (authText === undefined) return writePool(commit);
  if (transaction.live.place.kind === "file") refuseMounted(ctx.fs, transaction.live.target);
  const codex = codexInTheWay(commit);
  if (codex) return codex;
  const locks = [...(transaction.isAuthLocked ? [] : [paths.authLock]), `${transaction.live.target}.lock`];
  const { tryLockLikeCodex } = await import("../locks/codex-locks.ts");
  const release = await tryLockLikeCodex(ctx, locks);
  if (!release) return transaction.renewalUnderWay() ?? { kind: "locks" };
  try {
    return writeBoth(commit, authText);
  } finally {
    release();
  }
}

/** The text that auth.json is to get; null to remove it; undefined to leave it. */
function newAuthText({ target, live }: WorkingTransaction): string | null | undefined {
  if (target === null) return undefined;
  if (target.kind === "absent") return live.state === "missing" ? undefined : null;
  if (live.login && isSameDocument(live.login.document, target.document)) return undefined;
  return live.place.textOf(target.document);
}

/** Once nothing but the disk can refuse the change any more. */
function keepWhatWouldBeLost({ transaction, poolBytes, paths, ctx }: Commit): void {
  const { fs, now } = ctx;
  writeAllDisplaced({ transaction, paths, ctx });
  if (poolBytes === null) return;
  if (transaction.replacesBrokenPool) {
    // The bytes and not the text: what is damaged may be no UTF-8.
    const bytes = readBytes(fs, paths.poolFile);
    writeFileAtomic(fs, `${paths.poolFile}.broken-${timeInName(now())}`, bytes);
    return;
  }
  const isOlder = isOlderVersion(poolBytes);
  const isDue = transaction.backupText !== null || isOlder || isDailyBackupDue(fs, paths.backupsDir, now());
  if (!isDue) return;
  makeFolder(fs, paths.backupsDir);
  const text = isOlder ? poolBytes : (transaction.backupText ?? poolBytes);
  takeBackup(fs, paths.backupsDir, { text, revision: transaction.pool.revision, nowMs: now() });
}

function writeAllDisplaced({
  transaction,
  paths,
  ctx: { fs, now },
}: Pick<Commit, "transaction" | "paths" | "ctx">): void {
  if (transaction.displaced.length > 0) makeFolder(fs, paths.displacedDir);
  for (const document of transaction.displaced) writeDisplaced(fs, paths.displacedDir, document, now());
}

function writePool(commit: Commit): CommitOutcome {
  const { ctx } = commit;
  keepWhatWouldBeLost(commit);
  const pool = stagePool(commit);
  try {
    return replace(commit, () => {
      commitFile(ctx.fs, pool);
      return "written";
    });
  } finally {
    discard(ctx.fs, pool);
  }
}

function writeBoth(commit: Commit, authText: string | null): CommitOutcome {
  const { transaction, ctx } = commit;
  const { fs } = ctx;
  const { place, version } = transaction.live;
  keepWhatWouldBeLost(commit);
  const staged: PendingLogin[] = [];
  try {
    const loan = stageLoan(commit);
    if (loan) {
      staged.push(loan.lease, loan.back);
      transaction.pool.projection = { before: version, lent: loan.hash };
    }
    const pool = stagePool(commit);
    staged.push({ place: () => placeFile(fs, pool), discard: () => discard(fs, pool) });
    const auth = authText === null ? null : place.stage(authText);
    if (auth) staged.push(auth);
    return replace(commit, () => putBoth(commit, { pool, auth, loan }));
  } finally {
    for (const each of staged) each.discard();
  }
}

function stagePool({ transaction, poolBytes, paths, ctx }: Commit): PendingFile {
  // Its folder may have been made by a command that was killed before it could sync it.
  if (poolBytes === null) syncFolder(ctx.fs, dirname(paths.storeDir));
  transaction.pool.revision += 1;
  return stageFile(ctx.fs, paths.poolFile, poolText(transaction.pool));
}

/** The last look, immediately before the first rename: the lock is ours, and nobody wrote since we read. */
function replace(
  { transaction, poolBytes, paths, ctx: { fs }, hold }: Commit,
  put: () => CommitOutcome,
): CommitOutcome {
  const isPoolSame = readOwnText(fs, paths.poolFile) === poolBytes;
  const isAuthSame = isUntouched(transaction.live, transaction.live.place.read());
  if (!isPoolSame || !isAuthSame) return "changed";
  hold.assertOwned();
  return put();
}

/** For who has tried again and again to commit. */
export function changedError(what: string): CodexAuthError {
  const message = `${what} was changed by another program again and again while the command ran.`;
  const hint = "Nothing was changed. Run the command again.";
  return new CodexAuthError("store_changed", message, { hint });
}
