import { dirname, join } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { isSameDocument } from "./adopt.ts";
import { authFileText, isUntouched, readLiveFile } from "./auth-file.ts";
import {
  commitFile,
  confirmChange,
  discard,
  keepFile,
  placeFile,
  stageFile,
  writeFileAtomic,
} from "./atomic-write.ts";
import type { PendingFile } from "./atomic-write.ts";
import { isDailyBackupDue, takeBackup } from "./backups.ts";
import type { WorkingDraft } from "./draft.ts";
import { errorCode, fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { makeFolder, readBytes, readTextIfPresent, syncFolder, timeInName } from "./files.ts";
import type { Lease } from "./lock.ts";
import { parkLogin } from "./parked.ts";
import type { Paths } from "./paths.ts";
import { isOlderVersion, poolText } from "./pool-file.ts";
import type { StoreEffects } from "./store-effects.ts";

interface Commit {
  draft: WorkingDraft;
  /** What pool.json held when the draft was made. */
  poolBytes: string | null;
  paths: Paths;
  effects: StoreEffects;
  lease: Lease;
}

/**
 * `changed`: somebody else wrote since the draft was read; `busy`: Codex, or a renewal, holds the locks of auth.json.
 * In both cases nothing was written, and the caller starts again.
 */
type CommitOutcome = "written" | "unchanged" | "changed" | "busy";

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
  if (authText === undefined) return writePool(commit);
  const locks = [...(draft.isAuthLocked ? [] : [paths.authLock]), `${draft.live.target}.lock`];
  const { tryLockLikeCodex } = await import("./codex-locks.ts");
  const release = await tryLockLikeCodex(effects, locks);
  if (!release) return "busy";
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
  const isDue =
    draft.wantsBackup || isOlderVersion(poolBytes) || isDailyBackupDue(fs, paths.backupsDir, now());
  if (!isDue) return;
  makeFolder(fs, paths.backupsDir);
  takeBackup(fs, paths.backupsDir, { text: poolBytes, revision: draft.pool.revision, nowMs: now() });
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
  return replace(commit, [pool], () => commitFile(effects.fs, pool));
}

/** The pool first: it is the only truth, and its projection tells the next command what auth.json was to become. */
function writeBoth(commit: Commit, authText: string | null): CommitOutcome {
  const { draft, paths, effects } = commit;
  const { fs } = effects;
  const { target } = draft.live;
  keepWhatWouldBeLost(commit);
  const pool = stagePool(commit);
  const auth = authText === null ? null : stageOrDiscard(commit, pool, authText);
  return replace(commit, auth ? [pool, auth] : [pool], () => {
    if (draft.replacesBrokenLogin) saveBroken(commit);
    const old = commit.poolBytes === null ? null : keepFile(fs, paths.poolFile);
    try {
      placeFile(fs, pool);
      syncFolder(fs, paths.storeDir);
      if (auth) placeFile(fs, auth);
      else removeFile(fs, target);
    } catch (error) {
      putPoolBack(commit, old, error);
      throw fileError(error, `write ${target}`);
    } finally {
      if (old) discard(fs, old);
    }
    confirmChange(fs, target);
  });
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
    const why = cause instanceof Error ? cause.message : String(cause);
    // The projection in the pool tells the next command what auth.json is to become.
    const hint = "The pool has the change already; the next command completes it.";
    throw new CodexAuthError("io_error", why, { hint, cause });
  }
}

function stagePool({ draft, poolBytes, paths, effects }: Commit): PendingFile {
  // Its folder may have been made by a command that was killed before it could sync it.
  if (poolBytes === null) syncFolder(effects.fs, dirname(paths.storeDir));
  draft.pool.revision += 1;
  return stageFile(effects.fs, paths.poolFile, poolText(draft.pool));
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
