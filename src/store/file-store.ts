import { dirname } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { readLiveFilePatiently } from "./auth-file.ts";
import { sweepTemporaries } from "./atomic-write.ts";
import { listBackups } from "./backups.ts";
import { commitDraft } from "./commit.ts";
import { WorkingDraft } from "./draft.ts";
import { makeFolder, readTextIfPresent } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import { acquireLock } from "./lock.ts";
import type { Lease } from "./lock.ts";
import type { Paths } from "./paths.ts";
import { emptyPool, parsePool } from "./pool-file.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import type { Draft, Store } from "./store.ts";

export interface StoreEffects {
  fs: FileSystem;
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  self: () => ProcessIdentity;
}

const attempts = 10;

/** The store in files of one machine. */
export function openFileStore(paths: Paths, effects: StoreEffects): Store {
  const { fs, now, sleep } = effects;
  // Inside one process, transactions queue up here and never meet at the file lock.
  let queue: Promise<unknown> = Promise.resolve();

  async function readDraft(): Promise<{ draft: WorkingDraft; poolBytes: string | null }> {
    const poolBytes = readTextIfPresent(fs, paths.poolFile);
    const pool = poolBytes === null ? emptyPool() : parsePool(poolBytes, paths.poolFile);
    const live = await readLiveFilePatiently(fs, paths.authFile, sleep);
    return { draft: new WorkingDraft(pool, live, now()), poolBytes };
  }

  async function runLocked<T>(lease: Lease, change: (draft: Draft) => T): Promise<T> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const { draft, poolBytes } = await readDraft();
      sweepTemporaries(fs, paths.storeDir);
      sweepTemporaries(fs, dirname(draft.live.target));
      const result = change(draft);
      const isDone = await commitDraft({ draft, poolBytes, paths, effects, lease });
      if (isDone) return result;
    }
    const message = "auth.json or the pool was changed by another program again and again while the command ran.";
    throw new CodexAuthError("store_changed", message, { hint: "Nothing was changed. Run the command again." });
  }

  async function transaction<T>(purpose: string, change: (draft: Draft) => T): Promise<T> {
    prepareFolders(fs, paths);
    const lease = await acquireLock({ path: paths.storeLock, purpose, self: effects.self(), fs, sleep });
    try {
      return await runLocked(lease, change);
    } finally {
      await lease.release();
    }
  }

  return {
    paths,
    read: async () => (await readDraft()).draft,
    transaction: (purpose, change) => {
      const turn = queue.then(() => transaction(purpose, change));
      queue = turn.catch(() => undefined);
      return turn;
    },
    backups: () => listBackups(fs, paths.backupsDir),
    readBackup: ({ path }) => parsePool(readTextIfPresent(fs, path) ?? "", path),
  };
}

function prepareFolders(fs: FileSystem, paths: Paths): void {
  refuseMissingHome(fs, paths);
  for (const folder of [paths.storeDir, paths.locksDir]) makeFolder(fs, folder);
}

function refuseMissingHome(fs: FileSystem, { codexHome, isHomeExplicit }: Paths): void {
  if (!isHomeExplicit) return;
  try {
    if (fs.statSync(codexHome).isDirectory()) return;
  } catch {
    // Told below.
  }
  const isTilde = codexHome.includes("/~");
  const hint = isTilde
    ? 'The shell left ~ as it is, perhaps because of quotes. Write: export CODEX_HOME="$HOME/…"'
    : `Create it, or unset CODEX_HOME: mkdir -p '${codexHome}'`;
  throw new CodexAuthError("codex_home_missing", `CODEX_HOME names ${codexHome}, which is no folder.`, { hint });
}
