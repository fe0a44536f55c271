import { join } from "node:path";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { Paths } from "../../machine/paths.ts";
import { livenessOf } from "../../machine/processes.ts";
import { userKeyOf } from "../../pool/account.ts";
import { emptyPool, parsePool, type Pool } from "../../pool/pool.ts";
import { readPatiently } from "../auth-file.ts";
import type { StoreContext } from "../context.ts";
import { readUnsaved } from "../files/aside.ts";
import { readLive } from "../homes/live-place.ts";
import { settlePoolHome } from "../homes/pool-home.ts";
import { type AbandonedHome, findAbandonedHomes } from "../homes/return-home.ts";
import { isUnlocked } from "../locks/lock.ts";
import { requireUsablePaths } from "../require-writable.ts";
import type { TransactionOptions } from "../store.ts";
import { readOwnText } from "../own-text.ts";
import { WorkingTransaction } from "./transaction.ts";

export interface FreshOptions extends TransactionOptions {
  /** The private home that is to be folded back and removed. */
  closing?: string;
}

export interface FreshTransaction {
  transaction: WorkingTransaction;
  /** What pool.json held. */
  poolBytes: string | null;
  /** Private homes whose logins the transaction has taken in. */
  homes: AbandonedHome[];
  /** The home whose place this one takes with the next write. */
  formerHome: string | null;
}

/** Reads everything anew from disk, and adopts what Codex or a killed command has left. Writes nothing. */
export async function openTransaction(
  paths: Paths,
  ctx: StoreContext,
  options: FreshOptions = {},
): Promise<FreshTransaction> {
  const { fs, now, sleep, self } = ctx;
  requireUsablePaths(fs, paths);
  const poolBytes = readOwnText(fs, paths.poolFile);
  const { pool, isBroken } = readPool(poolBytes, paths, options);
  const formerHome = await settlePoolHome(ctx, paths, pool);
  const slot = await ctx.findSlot?.(paths);
  const live = await readPatiently(() => readLive(fs, paths, slot ?? null), sleep);
  const unsaved = [...(options.inHand ? [options.inHand] : []), ...readUnsaved(fs, paths)];
  const homes = findAbandonedHomes(fs, paths, { ...ctx, closing: options.closing });
  const transaction = new WorkingTransaction({
    pool,
    live,
    unsaved,
    strays: homes.flatMap(({ login }) => login ?? []),
    nowMs: now(),
    livenessOf: (process) => livenessOf(process, self()),
    isRefreshUnlocked: (account) => isUnlocked(fs, refreshLockPath(paths, userKeyOf(account)), self()),
  });
  transaction.replacesBrokenPool = isBroken;
  transaction.isAuthLocked = options.isAuthLocked ?? false;
  return { transaction, poolBytes, homes, formerHome };
}

/** The lock under which the seats of a user are renewed. */
export function refreshLockPath({ locksDir }: Paths, user: string): string {
  return join(locksDir, `refresh-${user}.lock`);
}

function readPool(
  text: string | null,
  { poolFile }: Paths,
  { replaceBrokenPool = false, salvage }: TransactionOptions,
): { pool: Pool; isBroken: boolean } {
  try {
    return { pool: text === null ? emptyPool() : parsePool(text, poolFile), isBroken: false };
  } catch (error) {
    const isBroken = error instanceof CodexAuthError && error.code === "pool_unreadable";
    if (!isBroken || !replaceBrokenPool) throw error;
    return { pool: salvage && text !== null ? salvage(text) : emptyPool(), isBroken };
  }
}
