import type { AuthDocument } from "../codex/auth-json.ts";
import { refuseMounted } from "../machine/disks.ts";
import type { Paths } from "../machine/paths.ts";
import { parsePool } from "../pool/pool.ts";
import { prepareFolders } from "./atomic-write.ts";
import { backUpFiles, listBackups, listRepairBackups } from "./backups/backups.ts";
import { editConfigFile, moveConfigFile } from "./config-file.ts";
import { MustWait, type Obstacle, type StoreContext } from "./context.ts";
import { keepUnsaved, removeUnsaved } from "./files/aside.ts";
import { gatewayFiles } from "./files/gateway.ts";
import { foreignFiles, type OwnFile, ownFiles, removeEmptyFolders } from "./files/our-files.ts";
import { isPromptOld, renewPrompt, writePrompt } from "./files/prompt.ts";
import { readProxiedSessions, readUsageFile, writeUsageFile } from "./files/quota.ts";
import { refuseRunningServers, rotationFile, rotationRuns, type ServerKind } from "./files/rotation.ts";
import { sweepAllTemporaries } from "./files/temporaries.ts";
import { type AbandonedHome, orphanedHomes, removeHome } from "./homes/return-home.ts";
import type { UsageByAccount } from "./library-store.ts";
import { acquireLock, type LockHold } from "./locks/lock.ts";
import { Waiting } from "./locks/codex-locks.ts";
import { requireUsablePaths, requireWritable } from "./require-writable.ts";
import type { ServedRecords } from "./pool-store.ts";
import type { HomeLeavings, Moved, PrivateHome, Removal, Store, Transaction } from "./store.ts";
import { changedError, commitTransaction } from "./transactions/commit.ts";
import { type FreshOptions, openTransaction, refreshLockPath } from "./transactions/fresh-transaction.ts";
import { readOwnText } from "./own-text.ts";
import { watchStore } from "./watch.ts";

type Change<T> = (transaction: Transaction) => T;

/** What a transaction of ours may ask beside what others may. */
interface LockedOptions extends FreshOptions {
  /** Told where files are that could not go back to the real home. */
  onKept?: (kept: readonly string[]) => void;
}

const attempts = 10;

/** The store in files of one machine. */
export function openFileStore(paths: Paths, ctx: StoreContext): Store {
  const { fs, now, sleep } = ctx;
  // Inside one process, transactions queue up here and never meet at the file lock.
  let queue: Promise<unknown> = Promise.resolve();
  let hasWritten = false;
  let replacedHome: string | null = null;
  let hasDetachedConfig = false;
  const leftBehind = new Set<string>();

  const readFresh = (options?: FreshOptions) => openTransaction(paths, ctx, options);
  const fresh = async () => (await readFresh()).transaction;

  /** An obstacle: the caller gives up our lock too, waits, and tries again. */
  async function runLocked<T>(
    hold: LockHold,
    change: Change<T>,
    options?: LockedOptions,
  ): Promise<{ result: T } | { obstacle: Obstacle }> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const { transaction, poolBytes, homes, formerHome } = await readFresh(options);
      sweepAllTemporaries(fs, paths, transaction.live.target);
      const result = change(transaction);
      const outcome = await commitTransaction({ transaction, poolBytes, paths, ctx, hold });
      if (outcome === "written") {
        hasWritten = true;
        replacedHome ??= formerHome;
        showPrompt(transaction);
      }
      if (outcome === "changed") continue;
      if (typeof outcome !== "string") return { obstacle: outcome };
      removeUnsaved(fs, transaction.unsaved);
      const kept = sweepHomes(homes);
      options?.onKept?.(kept);
      return { result };
    }
    throw changedError("auth.json or the pool");
  }

  const showPrompt = (transaction: Transaction) => writePrompt(fs, paths, transaction, now());
  async function read() {
    const transaction = await fresh();
    if (isPromptOld(fs, paths, transaction)) showPrompt(transaction);
    return transaction;
  }

  async function transact<T>(purpose: string, change: Change<T>, options?: LockedOptions): Promise<T> {
    const waiting = new Waiting(ctx);
    try {
      for (;;) {
        const outcome = await locked(purpose, (hold) => runLocked(hold, change, options)).catch(obstacleIn);
        // Who moves the pool knows where it was.
        if (purpose === "move-here") replacedHome = null;
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
        return removeHome(ctx, paths, home);
      } catch {
        return [];
      }
    });
  }

  async function openPrivateHome(accountId: string, document: AuthDocument): Promise<PrivateHome> {
    prepareFolders(fs, paths);
    const { endDaemons, makePrivateHome } = await import("./homes/private-home.ts");
    for (const { path } of orphanedHomes(fs, paths, ctx)) await endDaemons(path, sleep);
    return makePrivateHome(paths, ctx, { accountId, document, close: closeHome });
  }

  async function closeHome(path: string): Promise<HomeLeavings> {
    const { endDaemons } = await import("./homes/private-home.ts");
    const isOccupied = !(await endDaemons(path, sleep));
    const kept: string[] = [];
    const options = { closing: path, onKept: (files: readonly string[]) => void kept.push(...files) };
    const adopted = await inTurn(() => transact("exec", ({ returned }) => returned, options));
    return { adopted, kept, isOccupied };
  }

  async function locked<T>(purpose: string, work: (hold: LockHold) => Promise<T>): Promise<T> {
    requireUsablePaths(fs, paths);
    prepareFolders(fs, paths);
    const about = { path: paths.storeLock, purpose, self: ctx.self(), leftBehind };
    const hold = await acquireLock({ ...about, fs, sleep });
    try {
      return await work(hold);
    } finally {
      await hold.release();
    }
  }

  /** One after another inside this process. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  }

  async function editConfig(edit: (text: string) => string): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt += 1)
      if (editConfigFile(fs, paths.configFile, edit, () => (hasDetachedConfig = true))) return;
    throw changedError("config.toml");
  }

  async function removeOwn(removal: Removal): Promise<OwnFile[]> {
    refuseRunningServers(store);
    const { removeWanted } = await import("./homes/uninstall.ts");
    await transact("uninstall", () => undefined);
    const removed = await locked("uninstall", async () =>
      removeWanted(ctx, paths, { ...removal, snapshot: await fresh() }),
    );
    removeEmptyFolders(fs, paths);
    hasWritten = false;
    return removed;
  }

  async function updateUsage(change: (usage: UsageByAccount) => void, also?: ServedRecords) {
    const usage = readUsageFile(fs, paths.usageFile);
    change(usage);
    writeUsageFile(fs, paths.usageFile, usage);
    renewPrompt(fs, paths, usage, now());
    if (!also) return;
    const { appendProxiedSessions } = await import("./files/quota.ts");
    appendProxiedSessions(fs, paths.proxiedFile, also.sessionIds ?? []);
    const { appendHistory } = await import("./files/quota.ts");
    appendHistory(fs, paths.historyFile, also.history?.() ?? [], now());
  }

  async function moveHere(): Promise<Moved> {
    refuseRunningServers(store);
    const { movePool } = await import("./homes/pool-home.ts");
    return movePool(store, { ...ctx, open: (other) => openFileStore(other, ctx) });
  }

  const lockedFor =
    (kind: ServerKind) =>
    <T>(work: () => Promise<T>) =>
      inTurn(() => locked(kind, work));
  const rotation = rotationFile(paths, ctx, lockedFor("rotation"), "rotation");
  const gateway = rotationFile(paths, ctx, lockedFor("gateway"), "gateway");
  const store: Store = {
    paths,
    rotation,
    rotationRuns: rotationRuns(paths, ctx),
    gateway,
    gatewayFiles: gatewayFiles(fs, paths),
    read,
    rehearse: async (change) => change(await fresh()),
    transaction: (purpose, change, options) => inTurn(() => transact(purpose, change, options)),
    requireReady: () =>
      inTurn(() => locked("make ready", async () => refuseMounted(fs, (await fresh()).live.target))),
    refreshLock: (user) => {
      prepareFolders(fs, paths);
      const path = refreshLockPath(paths, user);
      return acquireLock({ path, purpose: "refresh", self: ctx.self(), fs, sleep, waitMs: 60_000 });
    },
    requireSavable: (accountId, isLive) => requireWritable(fs, paths, { isLive, accountId }),
    keepTokens: (tokens) => keepUnsaved(fs, paths, tokens),
    requirePrivateHomes: async () => (await import("./homes/private-home.ts")).requirePrivateHomes(fs, paths),
    openPrivateHome,
    detachAuthFile: async () => (await import("./auth-file.ts")).detachAuthFile(paths, ctx),
    editConfig: (edit) => inTurn(() => locked("edit config.toml", () => editConfig(edit))),
    moveConfigAside: (expected) =>
      inTurn(() =>
        locked("move config.toml aside", async () => {
          if (!moveConfigFile(fs, paths.configFile, { expected, nowMs: now() }))
            throw changedError("config.toml");
        }),
      ),
    usage: () => readUsageFile(fs, paths.usageFile),
    updateUsage: (change, also) => inTurn(() => locked("usage", () => updateUsage(change, also))),
    proxiedSessions: () => readProxiedSessions(fs, paths.proxiedFile),
    watch: (options) => watchStore(fs, paths, options),
    keyringSlot: async () => (await ctx.findSlot?.(paths)) ?? null,
    hasWritten: () => hasWritten,
    replacedHome: () => replacedHome,
    hasDetachedConfig: () => hasDetachedConfig,
    moveHere,
    seal: async () => (await import("./seal/convert.ts")).sealPool(fs, store),
    sealRest: async () => (await import("./seal/convert.ts")).sealRest(fs, store),
    unseal: async () => (await import("./seal/convert.ts")).unsealPool(fs, store),
    backups: () => listBackups(fs, paths.backupsDir),
    backUpFiles: (needed) =>
      inTurn(() => locked("back up", () => Promise.resolve(backUpFiles(fs, paths, now(), needed)))),
    ownFiles: () => ownFiles(fs, paths),
    foreignFiles: () => foreignFiles(fs, paths),
    removeOwnFiles: (removal) => inTurn(() => removeOwn(removal)),
    repairBackups: () => listRepairBackups(fs, paths.backupsDir),
    readBackup: ({ path }) => parsePool(readOwnText(fs, path) ?? "", path),
  };
  return store;
}

function obstacleIn(error: unknown): { obstacle: Obstacle } {
  if (error instanceof MustWait) return { obstacle: error.obstacle };
  throw error;
}
