import { dirname, join } from "node:path";
import type { AuthDocument } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { findAbandonedHomes, orphanedHomes, removeHome } from "./abandoned-homes.ts";
import type { AbandonedHome } from "./abandoned-homes.ts";
import { readLiveFilePatiently } from "./auth-file.ts";
import { sweepTemporaries } from "./atomic-write.ts";
import { listBackups } from "./backups.ts";
import { editConfigFile } from "./config-file.ts";
import { commitDraft } from "./commit.ts";
import { WorkingDraft } from "./draft.ts";
import { makeFolder, readTextIfPresent } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import { acquireLock } from "./lock.ts";
import type { Lease } from "./lock.ts";
import type { Paths } from "./paths.ts";
import { emptyPool, parsePool } from "./pool-file.ts";
import { livenessOf } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { readRescues, removeRescues } from "./rescue.ts";
import type { Draft, HomeLeavings, PrivateHome, Store, StoreEffects, TransactionOptions } from "./store.ts";

type Change<T> = (draft: Draft) => T;

/** What a transaction of ours may ask beside what others may. */
interface LockedOptions extends TransactionOptions {
  /** The private home that is to be folded back and removed. */
  closing?: string;
  /** Told where files are that could not go back to the real home. */
  onKept?: (kept: readonly string[]) => void;
}

const attempts = 10;

/** The store in files of one machine. */
export function openFileStore(paths: Paths, effects: StoreEffects): Store {
  const { fs, now, sleep } = effects;
  // Inside one process, transactions queue up here and never meet at the file lock.
  let queue: Promise<unknown> = Promise.resolve();
  let hasWritten = false;

  async function readDraft(
    options: LockedOptions = {},
  ): Promise<{ draft: WorkingDraft; poolBytes: string | null; homes: AbandonedHome[] }> {
    const poolBytes = readTextIfPresent(fs, paths.poolFile);
    const { pool, isBroken } = readPool(poolBytes, options);
    const live = await readLiveFilePatiently(fs, paths.authFile, sleep);
    const rescues = readRescues(fs, paths.rescueDir);
    const isDead = (process: ProcessIdentity) => livenessOf(process, effects.self()) === "dead";
    const homes = findAbandonedHomes(fs, paths, { ...effects, closing: options.closing });
    const strays = homes.flatMap(({ login }) => login ?? []);
    const draft = new WorkingDraft({ pool, live, rescues, strays, nowMs: now(), isDead });
    draft.replacesBrokenPool = isBroken;
    draft.isAuthLocked = options.isAuthLocked ?? false;
    return { draft, poolBytes, homes };
  }

  function readPool(text: string | null, { replaceBrokenPool = false }: TransactionOptions) {
    try {
      return { pool: text === null ? emptyPool() : parsePool(text, paths.poolFile), isBroken: false };
    } catch (error) {
      const isBroken = error instanceof CodexAuthError && error.code === "pool_unreadable";
      if (!isBroken || !replaceBrokenPool) throw error;
      return { pool: emptyPool(), isBroken };
    }
  }

  async function runLocked<T>(lease: Lease, change: Change<T>, options?: LockedOptions): Promise<T> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const { draft, poolBytes, homes } = await readDraft(options);
      sweepTemporaries(fs, paths.storeDir);
      sweepTemporaries(fs, dirname(draft.live.target));
      const result = change(draft);
      const outcome = await commitDraft({ draft, poolBytes, paths, effects, lease });
      hasWritten ||= outcome === "written";
      if (outcome === "changed") continue;
      removeRescues(fs, draft.rescues);
      const kept = sweepHomes(homes);
      options?.onKept?.(kept);
      return result;
    }
    throw changedError("auth.json or the pool");
  }

  /** What cannot be removed now is left to the next command. */
  function sweepHomes(homes: readonly AbandonedHome[]): string[] {
    return homes.flatMap((home) => {
      try {
        return removeHome(effects, paths, home);
      } catch {
        return [];
      }
    });
  }

  async function openPrivateHome(accountId: string, document: AuthDocument): Promise<PrivateHome> {
    prepareFolders(fs, paths);
    const { endDaemons } = await import("./home-daemons.ts");
    for (const { path } of orphanedHomes(fs, paths, effects)) await endDaemons(path, sleep);
    const { makePrivateHome } = await import("./private-home.ts");
    return makePrivateHome(paths, effects, { accountId, document, close: closeHome });
  }

  async function closeHome(path: string): Promise<HomeLeavings> {
    const { endDaemons } = await import("./home-daemons.ts");
    const isOccupied = !(await endDaemons(path, sleep));
    const kept: string[] = [];
    const options = { closing: path, onKept: (files: readonly string[]) => void kept.push(...files) };
    const adopted = await inTurn(() =>
      locked("exec", (lease) => runLocked(lease, ({ foldedBack }) => foldedBack, options)),
    );
    return { adopted, kept, isOccupied };
  }

  async function locked<T>(purpose: string, work: (lease: Lease) => Promise<T>): Promise<T> {
    prepareFolders(fs, paths);
    const lease = await acquireLock({ path: paths.storeLock, purpose, self: effects.self(), fs, sleep });
    try {
      return await work(lease);
    } finally {
      await lease.release();
    }
  }

  /** One after another inside this process. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  }

  async function editConfig(edit: (text: string) => string): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (editConfigFile(fs, paths.configFile, edit)) return;
    }
    throw changedError("config.toml");
  }

  return {
    paths,
    read: async () => (await readDraft()).draft,
    rehearse: async (change) => change((await readDraft()).draft),
    transaction: (purpose, change, options) =>
      inTurn(() => locked(purpose, (lease) => runLocked(lease, change, options))),
    refreshLock: (user) => {
      prepareFolders(fs, paths);
      const path = join(paths.locksDir, `refresh-${user}.lock`);
      return acquireLock({ path, purpose: "refresh", self: effects.self(), fs, sleep, waitMs: 60_000 });
    },
    openPrivateHome,
    editConfig: (edit) => inTurn(() => locked("edit config.toml", () => editConfig(edit))),
    hasWritten: () => hasWritten,
    backups: () => listBackups(fs, paths.backupsDir),
    readBackup: ({ path }) => parsePool(readTextIfPresent(fs, path) ?? "", path),
  };
}

function changedError(what: string): CodexAuthError {
  const message = `${what} was changed by another program again and again while the command ran.`;
  return new CodexAuthError("store_changed", message, {
    hint: "Nothing was changed. Run the command again.",
  });
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
  throw new CodexAuthError("codex_home_missing", `CODEX_HOME names ${codexHome}, which is no folder.`, {
    hint,
  });
}
