import type { FileSystem } from "../../machine/file-system.ts";
import type { ProcessIdentity } from "../../machine/identity.ts";
import type { Paths } from "../../machine/paths.ts";
import type { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { Account } from "../../pool/account.ts";
import { accountText, emptyPool } from "../../pool/pool.ts";
import { type LiveFile, noLogin } from "../../store/auth-file.ts";
import { type FleetFiles, fleetFiles } from "../../store/fleet-files.ts";
import type { UsageByAccount, WatchOptions } from "../../store/library-store.ts";
import type { PoolTransaction, PoolStore, RenewalStore, SavingOptions } from "../../store/pool-store.ts";
import type { Database } from "../database.ts";
import {
  changeTogether,
  loadAccounts,
  Overtaken,
  overtakenError,
  type StoredAccount,
  writeAccount,
} from "./documents.ts";
import { keepTokens, readKept, takeKept } from "./kept-tokens.ts";
import { type RenewalLease, takeLease } from "./renewal-lease.ts";
import { adoptedMsOf, forbidOldToken, noteSeen, readSeen, type SeenTokens } from "./seen-tokens.ts";
import { SharedQuotas } from "./shared-quotas.ts";
import type { AccountVault } from "./vault.ts";

export interface SharedPoolContext {
  readonly database: Database;
  readonly vault: AccountVault;
  readonly fs: FileSystem;
  readonly paths: Paths;
  readonly self: () => ProcessIdentity;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface SharedPool extends PoolStore, RenewalStore {
  read(): Promise<{
    pool: PoolTransaction["pool"];
    active: null;
    live: LiveFile;
    damaged: readonly string[];
  }>;
  refreshLock(user: string): Promise<RenewalLease>;
  /** The lease of this process is too old to begin a request. */
  isLate(): boolean;
  /** By the clock of the database. */
  now(): number;
}

const attempts = 20;

/** The accounts of a database, for all the gateways that share it. */
export async function openSharedPool(ctx: SharedPoolContext): Promise<SharedPool> {
  const { fs, paths } = ctx;
  const pool = new DatabasePool(ctx, fleetFiles(fs, paths));
  await pool.loadQuotas();
  return pool;
}

class DatabasePool implements SharedPool {
  readonly paths: Paths;
  readonly #ctx: SharedPoolContext;
  readonly #files: FleetFiles;
  readonly #quotas: SharedQuotas;
  /** The accounts of the last whole look of this process. */
  #last: readonly Account[] = [];
  #lease: RenewalLease | null = null;

  constructor(ctx: SharedPoolContext, files: FleetFiles) {
    this.#ctx = ctx;
    this.#files = files;
    this.#quotas = new SharedQuotas(ctx);
    this.paths = ctx.paths;
  }

  async read() {
    const { stored, damaged, isSetBack } = await this.#load();
    // Who has the newest tokens on its disk writes them; and the others learn what not to send.
    if (isSetBack) void this.transaction("recover", nothing).catch(nothing);
    return { pool: poolOf(stored), active: null, live: noLogin, damaged };
  }

  loadQuotas(): Promise<void> {
    return this.#quotas.load();
  }

  async transaction<T>(
    _purpose: string,
    change: (transaction: PoolTransaction) => T,
    { inHand }: SavingOptions = {},
  ): Promise<T> {
    const { vault, sleep } = this.#ctx;
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const { stored, seen } = await this.#load();
      const accounts = stored.map(({ account }) => account);
      const kept = [
        ...(inHand ? [{ ...inHand, path: null, adoptedMs: null }] : []),
        ...readKept(this.#files, vault),
      ];
      const useless = takeKept(accounts, kept, seen);
      const result = change({ pool: poolOf(stored), active: null, renewLive: nothing, lendLive: nothing });
      const saved = await this.#save(stored, inHand !== undefined);
      if (saved) {
        const { storeId } = vault;
        noteSeen(this.#files, storeId, readSeen(this.#files, storeId), { accounts: saved });
        for (const path of useless) this.#files.drop(path);
        return result;
      }
      await sleep(Math.random() * 10 * attempt);
    }
    throw overtakenError("Nothing was changed. Try again.");
  }

  async refreshLock(user: string): Promise<RenewalLease> {
    const { database, vault, self, sleep } = this.#ctx;
    const placeId = this.#files.placeId();
    const lease = await takeLease({ database, vault, self, sleep, placeId }, user);
    this.#lease = lease;
    return lease;
  }

  isLate(): boolean {
    return this.#lease === null || this.#lease.isLate();
  }

  now(): number {
    return this.#ctx.database.now();
  }

  requireSavable(): void {
    this.#files.requireSavable();
  }

  keepTokens(tokens: Parameters<RenewalStore["keepTokens"]>[0]): CodexAuthError | null {
    const account = this.#last.find(({ id }) => id === tokens.accountId);
    const adoptedMs = account ? adoptedMsOf(account) : 0;
    return keepTokens(this.#files, this.#ctx.vault, { ...tokens, adoptedMs });
  }

  usage(): UsageByAccount {
    return this.#quotas.usage();
  }

  updateUsage(change: (usage: UsageByAccount) => void): Promise<void> {
    return this.#quotas.update(change);
  }

  /** The database tells at once; where something between swallows that, a look every `pollMs` finds it. */
  watch({ pollMs, onChange }: WatchOptions): () => void {
    const { database } = this.#ctx;
    const seen = new Map<string, string>();
    let isLooking = false;
    let isWanted = false;
    let isAway = false;
    let recovered = "";
    const look = async () => {
      isWanted = true;
      if (isLooking) return;
      isLooking = true;
      while (isWanted) {
        isWanted = false;
        try {
          await this.#look(seen, onChange);
          // What came from the issuer while the database was away, or to a renewal that was killed, lies on this disk.
          const kept = this.#files.keptNames().join();
          if (isAway || kept !== recovered) await this.transaction("recover", nothing);
          recovered = kept;
          isAway = false;
        } catch {
          isAway = true;
        }
      }
      isLooking = false;
    };
    const timer = setInterval(() => void look(), pollMs).unref();
    const end = database.server?.listen(() => void look());
    void look();
    return () => {
      clearInterval(timer);
      end?.();
    };
  }

  async #look(seen: Map<string, string>, onChange: WatchOptions["onChange"]): Promise<void> {
    const sql = `select kind, id, version from documents where kind in ('account', 'limits') order by kind, id`;
    const rows = await this.#ctx.database.query(sql);
    for (const [kind, told] of [
      ["account", "accounts"],
      ["limits", "usage"],
    ] as const) {
      const stamp = rows
        .filter((row) => row["kind"] === kind)
        .map((row) => `${row["id"]} ${row["version"]}`)
        .join();
      const before = seen.get(kind);
      seen.set(kind, stamp);
      if (before === undefined || before === stamp) continue;
      if (told === "usage") await this.#quotas.load();
      onChange(told);
    }
  }

  /** Everything anew, and nothing believed that is older than what was seen before. */
  async #load(): Promise<{
    stored: StoredAccount[];
    damaged: string[];
    seen: SeenTokens;
    isSetBack: boolean;
  }> {
    const { database, vault } = this.#ctx;
    const { storeId } = vault;
    const seen = readSeen(this.#files, storeId);
    const before = this.#last;
    const loaded = await loadAccounts(database, vault);
    const accounts = loaded.stored.map(({ account }) => account);
    const here = new Set([...accounts.map(({ id }) => id), ...loaded.damaged]);
    noteSeen(this.#files, storeId, seen, { accounts, gone: before.filter(({ id }) => !here.has(id)) });
    if (this.#last === before) this.#last = accounts;
    const setBack = accounts.filter((account) => forbidOldToken(seen, account));
    return { ...loaded, seen, isSetBack: setBack.length > 0 };
  }

  /** What was changed; null when somebody else was first. */
  async #save(stored: readonly StoredAccount[], isNewToken: boolean): Promise<readonly Account[] | null> {
    const { database, vault } = this.#ctx;
    const changed = stored.filter(({ account, text }) => accountText(account) !== text);
    if (changed.length === 0) return [];
    const isBeginning = !isNewToken && changed.some(({ account }) => account.refresh?.kind === "intent");
    const nowMs = database.now();
    const isSaved = await changeTogether(database, async (statements) => {
      // Whoever takes the lease after this sees what we have begun.
      if (isBeginning && this.#lease) await this.#lease.hold(statements);
      for (const { account, version } of changed)
        if (!(await writeAccount(statements, vault, { account, version, nowMs }))) throw new Overtaken();
    });
    return isSaved ? changed.map(({ account }) => account) : null;
  }
}

function poolOf(stored: readonly StoredAccount[]) {
  return { ...emptyPool(), accounts: stored.map(({ account }) => account) };
}

function nothing(): void {}
