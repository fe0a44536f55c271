import { join } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { findAbandonedHomes } from "./abandoned-homes.ts";
import type { AbandonedHome } from "./abandoned-homes.ts";
import { userKeyOf } from "./account-id.ts";
import { readLiveFilePatiently } from "./auth-file.ts";
import { WorkingDraft } from "./draft.ts";
import { readTextIfPresent } from "./files.ts";
import { isUnlocked } from "./lock.ts";
import type { Paths } from "./paths.ts";
import { requirePlaces } from "./places.ts";
import { settlePoolHome } from "./pool-home.ts";
import { emptyPool, parsePool } from "./pool-file.ts";
import type { Pool } from "./pool-file.ts";
import { livenessOf } from "./process-identity.ts";
import { readRescues } from "./rescue.ts";
import type { TransactionOptions } from "./store.ts";
import type { StoreEffects } from "./store-effects.ts";

export interface DraftOptions extends TransactionOptions {
  /** The private home that is to be folded back and removed. */
  closing?: string;
}

export interface FreshDraft {
  draft: WorkingDraft;
  /** What pool.json held. */
  poolBytes: string | null;
  /** Private homes whose logins the draft has taken in. */
  homes: AbandonedHome[];
  /** The home whose place this one takes with the next write. */
  formerHome: string | null;
}

/** Reads everything anew from disk, and adopts what Codex or a killed command has left. Writes nothing. */
export async function readFreshDraft(
  paths: Paths,
  effects: StoreEffects,
  options: DraftOptions = {},
): Promise<FreshDraft> {
  const { fs, now, sleep, self } = effects;
  requirePlaces(fs, paths);
  const poolBytes = readTextIfPresent(fs, paths.poolFile);
  const { pool, isBroken } = readPool(poolBytes, paths, options);
  const formerHome = settlePoolHome(fs, paths, pool);
  const live = await readLiveFilePatiently(fs, paths.authFile, sleep);
  const rescues = [...(options.inHand ? [options.inHand] : []), ...readRescues(fs, paths)];
  const homes = findAbandonedHomes(fs, paths, { ...effects, closing: options.closing });
  const draft = new WorkingDraft({
    pool,
    live,
    rescues,
    strays: homes.flatMap(({ login }) => login ?? []),
    nowMs: now(),
    livenessOf: (process) => livenessOf(process, self()),
    isRefreshUnlocked: (account) => isUnlocked(fs, refreshLockPath(paths, userKeyOf(account)), self()),
  });
  draft.replacesBrokenPool = isBroken;
  draft.isAuthLocked = options.isAuthLocked ?? false;
  return { draft, poolBytes, homes, formerHome };
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
