import { dirname, join } from "node:path";
import { isSameDocument } from "./adopt.ts";
import { authFileText, isUntouched, readLiveFile } from "./auth-file.ts";
import { commitFile, discard, stageFile, syncFolder, writeFileAtomic } from "./atomic-write.ts";
import type { PendingFile } from "./atomic-write.ts";
import { isDailyBackupDue, takeBackup } from "./backups.ts";
import type { WorkingDraft } from "./draft.ts";
import { fileError } from "./file-error.ts";
import { makeFolder, readTextIfPresent, removeIfPresent, timeInName } from "./files.ts";
import type { Lease } from "./lock.ts";
import { parkLogin } from "./parked.ts";
import type { Paths } from "./paths.ts";
import { isOlderVersion, poolText } from "./pool-file.ts";
import type { StoreEffects } from "./store.ts";

interface Commit {
  draft: WorkingDraft;
  /** What pool.json held when the draft was made. */
  poolBytes: string | null;
  paths: Paths;
  effects: StoreEffects;
  lease: Lease;
}

/** `changed`: somebody else wrote since the draft was read, so nothing was written and the caller starts again. */
type CommitOutcome = "written" | "unchanged" | "changed";

/** Writes what the draft has become. */
export async function commitDraft(commit: Commit): Promise<CommitOutcome> {
  const { draft, paths, effects } = commit;
  draft.settleActive();
  const authText = newAuthText(draft);
  if (authText !== undefined) {
    draft.pool.projection = { before: draft.live.version };
  }
  if (authText === undefined && !draft.isSwitch && poolText(draft.pool) === commit.poolBytes)
    return "unchanged";
  keepWhatWouldBeLost(commit);
  draft.pool.revision += 1;
  if (authText === undefined) return writePool(commit);
  const locks = [...(draft.isAuthLocked ? [] : [paths.authLock]), `${draft.live.target}.lock`];
  const { lockLikeCodex } = await import("./codex-locks.ts");
  const release = await lockLikeCodex(effects.fs, locks, effects.sleep);
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

function keepWhatWouldBeLost({ draft, poolBytes, paths, effects }: Commit): void {
  const { fs, now } = effects;
  if (draft.parked.length > 0) makeFolder(fs, paths.parkedDir);
  for (const document of draft.parked) parkLogin(fs, paths.parkedDir, document, now());
  if (poolBytes === null) return;
  if (draft.replacesBrokenPool) {
    writeFileAtomic(fs, `${paths.poolFile}.broken-${timeInName(now())}`, poolBytes);
    return;
  }
  const isDue =
    draft.wantsBackup || isOlderVersion(poolBytes) || isDailyBackupDue(fs, paths.backupsDir, now());
  if (!isDue) return;
  makeFolder(fs, paths.backupsDir);
  takeBackup(fs, paths.backupsDir, { text: poolBytes, revision: draft.pool.revision, nowMs: now() });
}

function writePool(commit: Commit): CommitOutcome {
  const { draft, paths, effects } = commit;
  const pool = stageFile(effects.fs, paths.poolFile, poolText(draft.pool));
  return replace(commit, [pool], () => commitFile(effects.fs, pool));
}

/** The pool first: it is the only truth, and its projection tells the next command what auth.json was to become. */
function writeBoth(commit: Commit, authText: string | null): CommitOutcome {
  const { draft, paths, effects } = commit;
  const { fs } = effects;
  const { target } = draft.live;
  const pool = stageFile(fs, paths.poolFile, poolText(draft.pool));
  const auth = authText === null ? null : stageOrDiscard(commit, pool, authText);
  return replace(commit, auth ? [pool, auth] : [pool], () => {
    if (draft.replacesBrokenLogin) saveBroken(commit);
    commitFile(fs, pool);
    try {
      if (auth) commitFile(fs, auth);
      else removeFile(commit, target);
    } catch (error) {
      putPoolBack(commit);
      throw error;
    }
  });
}

/** If this fails too, the projection in the pool lets the next command finish the change. */
function putPoolBack({ poolBytes, paths, effects }: Commit): void {
  if (poolBytes === null) removeIfPresent(effects.fs, paths.poolFile);
  else writeFileAtomic(effects.fs, paths.poolFile, poolBytes);
}

function stageOrDiscard({ draft, effects }: Commit, pool: PendingFile, authText: string): PendingFile {
  try {
    return stageFile(effects.fs, draft.live.target, authText);
  } catch (error) {
    discard(effects.fs, pool);
    throw error;
  }
}

/** The last look, immediately before the first rename: the lock is ours, and nobody wrote since we read. */
function replace(
  { draft, poolBytes, paths, effects, lease }: Commit,
  staged: PendingFile[],
  put: () => void,
): CommitOutcome {
  const { fs } = effects;
  try {
    const isPoolSame = readTextIfPresent(fs, paths.poolFile) === poolBytes;
    const isAuthSame = isUntouched(draft.live, readLiveFile(fs, paths.authFile));
    if (!isPoolSame || !isAuthSame) return "changed";
    lease.assertOwned();
    put();
    return "written";
  } finally {
    for (const file of staged) discard(fs, file);
  }
}

function saveBroken({ draft, effects }: Commit): void {
  const { fs, now } = effects;
  const { target } = draft.live;
  writeFileAtomic(
    fs,
    join(dirname(target), `auth.json.broken-${timeInName(now())}`),
    fs.readFileSync(target),
  );
}

function removeFile({ effects }: Commit, target: string): void {
  try {
    effects.fs.unlinkSync(target);
    syncFolder(effects.fs, dirname(target));
  } catch (error) {
    throw fileError(error, `remove ${target}`);
  }
}
