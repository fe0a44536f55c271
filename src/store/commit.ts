import { dirname } from "node:path";
import { isSameDocument } from "./adopt.ts";
import { authFileText, isUntouched, readLiveFile } from "./auth-file.ts";
import { commitFile, discard, stageFile, writeFileAtomic } from "./atomic-write.ts";
import type { PendingFile } from "./atomic-write.ts";
import { isDailyBackupDue, takeBackup } from "./backups.ts";
import type { WorkingDraft } from "./draft.ts";
import { makeFolder, readBytes, readTextIfPresent, syncFolder, timeInName } from "./files.ts";
import { codexInTheWay, stageLoan } from "./loan.ts";
import { refuseMounted } from "./mounts.ts";
import { parkLogin } from "./parked.ts";
import { isOlderVersion, poolText } from "./pool-file.ts";
import { putBoth } from "./put-both.ts";
import type { Commit, CommitOutcome } from "./put-both.ts";

/** Writes what the draft has become. */
export async function commitDraft(commit: Commit): Promise<CommitOutcome> {
  const { draft, paths, effects } = commit;
  draft.settleActive();
  const authText = newAuthText(draft);
  if (authText !== undefined) draft.pool.projection = { before: draft.live.version };
  const isChanged = authText !== undefined || draft.isSwitch || poolText(draft.pool) !== commit.poolBytes;
  if (!isChanged) {
    if (draft.mustPark) parkLosers(commit);
    return "unchanged";
  }
  refuseMounted(effects.fs, paths.poolFile);
  if (authText === undefined) return writePool(commit);
  refuseMounted(effects.fs, draft.live.target);
  const codex = codexInTheWay(commit);
  if (codex) return codex;
  const locks = [...(draft.isAuthLocked ? [] : [paths.authLock]), `${draft.live.target}.lock`];
  const { tryLockLikeCodex } = await import("./codex-locks.ts");
  const release = await tryLockLikeCodex(effects, locks);
  if (!release) return draft.renewalUnderWay() ?? { kind: "locks" };
  try {
    return writeBoth(commit, authText);
  } finally {
    release();
  }
}

/** The text that auth.json is to get; null to remove it; undefined to leave it. */
function newAuthText({ target, live }: WorkingDraft): string | null | undefined {
  if (target === null) return undefined;
  if (target.kind === "absent") return live.state === "missing" ? undefined : null;
  if (live.login && isSameDocument(live.login.document, target.document)) return undefined;
  return authFileText(target.document);
}

/** Once nothing but the disk can refuse the change any more. */
function keepWhatWouldBeLost({ draft, poolBytes, paths, effects }: Commit): void {
  const { fs, now } = effects;
  parkLosers({ draft, paths, effects });
  if (poolBytes === null) return;
  if (draft.replacesBrokenPool) {
    // The bytes and not the text: what is damaged may be no UTF-8.
    const bytes = readBytes(fs, paths.poolFile);
    writeFileAtomic(fs, `${paths.poolFile}.broken-${timeInName(now())}`, bytes);
    return;
  }
  const isOlder = isOlderVersion(poolBytes);
  const isDue = draft.backupText !== null || isOlder || isDailyBackupDue(fs, paths.backupsDir, now());
  if (!isDue) return;
  makeFolder(fs, paths.backupsDir);
  const text = isOlder ? poolBytes : (draft.backupText ?? poolBytes);
  takeBackup(fs, paths.backupsDir, { text, revision: draft.pool.revision, nowMs: now() });
}

function parkLosers({
  draft,
  paths,
  effects: { fs, now },
}: Pick<Commit, "draft" | "paths" | "effects">): void {
  if (draft.parked.length > 0) makeFolder(fs, paths.parkedDir);
  for (const document of draft.parked) parkLogin(fs, paths.parkedDir, document, now());
}

function writePool(commit: Commit): CommitOutcome {
  const { effects } = commit;
  keepWhatWouldBeLost(commit);
  const pool = stagePool(commit);
  try {
    return replace(commit, () => {
      commitFile(effects.fs, pool);
      return "written";
    });
  } finally {
    discard(effects.fs, pool);
  }
}

function writeBoth(commit: Commit, authText: string | null): CommitOutcome {
  const { draft, effects } = commit;
  const { fs } = effects;
  keepWhatWouldBeLost(commit);
  const staged: PendingFile[] = [];
  try {
    const loan = stageLoan(commit);
    if (loan) {
      staged.push(loan.lease, loan.back);
      draft.pool.projection = { before: draft.live.version, lent: loan.hash };
    }
    const pool = stagePool(commit);
    staged.push(pool);
    const auth = authText === null ? null : stageFile(fs, draft.live.target, authText);
    if (auth) staged.push(auth);
    return replace(commit, () => putBoth(commit, { pool, auth, loan }));
  } finally {
    for (const file of staged) discard(fs, file);
  }
}

function stagePool({ draft, poolBytes, paths, effects }: Commit): PendingFile {
  // Its folder may have been made by a command that was killed before it could sync it.
  if (poolBytes === null) syncFolder(effects.fs, dirname(paths.storeDir));
  draft.pool.revision += 1;
  return stageFile(effects.fs, paths.poolFile, poolText(draft.pool));
}

/** The last look, immediately before the first rename: the lock is ours, and nobody wrote since we read. */
function replace(
  { draft, poolBytes, paths, effects: { fs }, lease }: Commit,
  put: () => CommitOutcome,
): CommitOutcome {
  const isPoolSame = readTextIfPresent(fs, paths.poolFile) === poolBytes;
  const isAuthSame = isUntouched(draft.live, readLiveFile(fs, paths.authFile));
  if (!isPoolSame || !isAuthSame) return "changed";
  lease.assertOwned();
  return put();
}
