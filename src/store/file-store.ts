import type { AuthDocument } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { orphanedHomes, removeHome } from "./abandoned-homes.ts";
import type { AbandonedHome } from "./abandoned-homes.ts";
import { listBackups } from "./backups.ts";
import { editConfigFile, moveConfigFile } from "./config-file.ts";
import { commitDraft } from "./commit.ts";
import { readTextIfPresent } from "./files.ts";
import { readFreshDraft, refreshLockPath } from "./fresh-draft.ts";
import type { DraftOptions } from "./fresh-draft.ts";
import { acquireLock } from "./lock.ts";
import type { Lease } from "./lock.ts";
import type { Paths } from "./paths.ts";
import { parsePool } from "./pool-file.ts";
import { MustWait } from "./obstacle.ts";
import type { Obstacle } from "./obstacle.ts";
import { prepareFolders } from "./store-folders.ts";
import { requirePlaces } from "./places.ts";
import { foreignFiles, ownFiles, removeEmptyFolders } from "./own-files.ts";
import type { OwnFile } from "./own-files.ts";
import { refuseMounted } from "./mounts.ts";
import { backUpFiles, listRepairBackups } from "./repair-backup.ts";
import { removeRescues } from "./rescue.ts";
import { gatewayFiles } from "./gateway-files.ts";
import { refuseRunningServer, rotationFile } from "./rotation-file.ts";
import { rotationRuns } from "./rotation-runs.ts";
import type { ServerKind } from "./rotation-file.ts";
import { readProxiedSessions } from "./proxied-sessions.ts";
import { readUsageFile, writeUsageFile } from "./usage-file.ts";
import type { UsageByAccount } from "./library-store.ts";
import { sweepAllTemporaries } from "./temporaries.ts";
import { Waiting } from "./waiting.ts";
import { watchStore } from "./watch.ts";
import type { Draft, HomeLeavings, Moved, PrivateHome, Removal, ServedRecords, Store } from "./store.ts";
import type { StoreEffects } from "./store-effects.ts";

type Change<T> = (draft: Draft) => T;

/** What a transaction of ours may ask beside what others may. */
interface LockedOptions extends DraftOptions {
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
  let replacedHome: string | null = null;

  const readDraft = (options?: DraftOptions) => readFreshDraft(paths, effects, options);

  /** An obstacle: the caller gives up our lock too, waits, and tries again. */
  async function runLocked<T>(
    lease: Lease,
    change: Change<T>,
    options?: LockedOptions,
  ): Promise<{ result: T } | { obstacle: Obstacle }> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const { draft, poolBytes, homes, formerHome } = await readDraft(options);
      sweepAllTemporaries(fs, paths, draft.live.target);
      const result = change(draft);
      const outcome = await commitDraft({ draft, poolBytes, paths, effects, lease });
      hasWritten ||= outcome === "written";
      if (outcome === "written") replacedHome ??= formerHome;
      if (outcome === "changed") continue;
      if (typeof outcome !== "string") return { obstacle: outcome };
      removeRescues(fs, draft.rescues);
      const kept = sweepHomes(homes);
      options?.onKept?.(kept);
      return { result };
    }
    throw changedError("auth.json or the pool");
  }

  async function transaction<T>(purpose: string, change: Change<T>, options?: LockedOptions): Promise<T> {
    const waiting = new Waiting(effects);
    try {
      for (;;) {
        const outcome = await locked(purpose, (lease) => runLocked(lease, change, options)).catch(obstacleIn);
        if ("result" in outcome) return outcome.result;
        await waiting.pause(outcome.obstacle);
      }
    } finally {
      waiting.end();
    }
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
    const adopted = await inTurn(() => transaction("exec", ({ foldedBack }) => foldedBack, options));
    return { adopted, kept, isOccupied };
  }

  async function locked<T>(purpose: string, work: (lease: Lease) => Promise<T>): Promise<T> {
    requirePlaces(fs, paths);
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

  async function removeOwn(removal: Removal): Promise<OwnFile[]> {
    refuseRunningServers();
    const { removeWanted } = await import("./removal.ts");
    await transaction("uninstall", () => undefined);
    const removed = await locked("uninstall", async () => {
      const { draft: snapshot } = await readDraft();
      return removeWanted(effects, paths, { ...removal, snapshot });
    });
    removeEmptyFolders(fs, paths);
    hasWritten = false;
    return removed;
  }

  async function updateUsage(change: (usage: UsageByAccount) => void, also?: ServedRecords) {
    const usage = readUsageFile(fs, paths.usageFile);
    change(usage);
    writeUsageFile(fs, paths.usageFile, usage);
    if (!also) return;
    const { appendProxiedSessions } = await import("./proxied-sessions.ts");
    appendProxiedSessions(fs, paths.proxiedFile, also.sessionIds ?? []);
    const { appendHistory } = await import("./history-file.ts");
    appendHistory(fs, paths.historyFile, also.history?.() ?? [], now());
  }

  function refuseRunningServers(): void {
    refuseRunningServer(rotation.read(), "rotation");
    refuseRunningServer(gateway.read(), "gateway");
  }

  async function moveHere(): Promise<Moved> {
    refuseRunningServers();
    const { movePool } = await import("./move-here.ts");
    return movePool(store, { fs, open: (other) => openFileStore(other, effects) });
  }

  const lockedFor =
    (kind: ServerKind) =>
    <T>(work: () => Promise<T>) =>
      inTurn(() => locked(kind, work));
  const rotation = rotationFile(paths, effects, lockedFor("rotation"), "rotation");
  const gateway = rotationFile(paths, effects, lockedFor("gateway"), "gateway");
  const store: Store = {
    paths,
    rotation,
    rotationRuns: rotationRuns(paths, effects),
    gateway,
    gatewayFiles: gatewayFiles(fs, paths),
    read: async () => (await readDraft()).draft,
    rehearse: async (change) => change((await readDraft()).draft),
    transaction: (purpose, change, options) => inTurn(() => transaction(purpose, change, options)),
    requireReady: () =>
      inTurn(() =>
        locked("make ready", async () => refuseMounted(fs, (await readDraft()).draft.live.target)),
      ),
    refreshLock: (user) => {
      prepareFolders(fs, paths);
      const path = refreshLockPath(paths, user);
      return acquireLock({ path, purpose: "refresh", self: effects.self(), fs, sleep, waitMs: 60_000 });
    },
    openPrivateHome,
    editConfig: (edit) => inTurn(() => locked("edit config.toml", () => editConfig(edit))),
    setConfigAside: (expected) =>
      inTurn(() =>
        locked("set config.toml aside", async () => {
          if (!moveConfigFile(fs, paths.configFile, { expected, nowMs: now() }))
            throw changedError("config.toml");
        }),
      ),
    usage: () => readUsageFile(fs, paths.usageFile),
    updateUsage: (change, also) => inTurn(() => locked("usage", () => updateUsage(change, also))),
    proxiedSessions: () => readProxiedSessions(fs, paths.proxiedFile),
    watch: (options) => watchStore(fs, paths, options),
    hasWritten: () => hasWritten,
    replacedHome: () => replacedHome,
    moveHere,
    backups: () => listBackups(fs, paths.backupsDir),
    backUpFiles: (needed) =>
      inTurn(() => locked("back up", () => Promise.resolve(backUpFiles(fs, paths, now(), needed)))),
    ownFiles: () => ownFiles(fs, paths),
    foreignFiles: () => foreignFiles(fs, paths),
    removeOwnFiles: (removal) => inTurn(() => removeOwn(removal)),
    repairBackups: () => listRepairBackups(fs, paths.backupsDir),
    readBackup: ({ path }) => parsePool(readTextIfPresent(fs, path) ?? "", path),
  };
  return store;
}

function obstacleIn(error: unknown): { obstacle: Obstacle } {
  if (error instanceof MustWait) return { obstacle: error.obstacle };
  throw error;
}

function changedError(what: string): CodexAuthError {
  const message = `${what} was changed by another program again and again while the command ran.`;
  return new CodexAuthError("store_changed", message, {
    hint: "Nothing was changed. Run the command again.",
  });
}
