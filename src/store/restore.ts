import { isNewer } from "../codex/freshness.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { adopt } from "./adopt.ts";
import type { Backup } from "./backups.ts";
import type { Account } from "./account.ts";
import { olderPools } from "./older-pools.ts";
import { recallAccount } from "./retired-tokens.ts";
import type { Draft, Store } from "./store.ts";

export interface Restored {
  added: number;
  changed: number;
  kept: number;
}

/**
 * Brings back what a backup has: missing accounts, labels, pauses. A token comes back only when the pool has none that
 * is newer, because an old refresh token is used up; and no account of today is taken away.
 */
export async function restoreBackup(store: Store, backup: Backup, nowMs: number): Promise<Restored> {
  const old = store.readBackup(backup);
  const copies = olderPools(store).flatMap((each) => accountsIn(store, each));
  const restore = (draft: Draft): Restored => {
    draft.backUp();
    const { setAside, retired, extra } = old;
    if (draft.pool.revision === 0) Object.assign(draft.pool, { setAside, retired, extra });
    const outcomes = old.accounts.map((account) => restoreAccount(draft, account, { copies, nowMs }));
    const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
    const [added, changed] = [count("added"), count("changed")];
    return { added, changed, kept: draft.pool.accounts.length - added - changed };
  };
  return await store.transaction("backup restore", restore, { replaceBrokenPool: true });
}

/** A copy may be as damaged as the pool was. */
function accountsIn(store: Store, backup: Backup): readonly Account[] {
  try {
    return store.readBackup(backup).accounts;
  } catch (error) {
    if (error instanceof CodexAuthError) return [];
    throw error;
  }
}

interface Known {
  /** The accounts of every copy of the pool there is. */
  copies: readonly Account[];
  nowMs: number;
}

/** An account with its newest login of all copies: the token in an older one was spent for those that came after it. */
function newestOf(old: Account, { copies, nowMs }: Known): Account {
  const all = [old, ...copies.filter(({ id }) => id === old.id)];
  const newest = all.reduce((best, each) =>
    isNewer(each.login, best.login, { nowMs, tie: "pool" }) ? each : best,
  );
  newest.spent = [...new Set(all.flatMap((each) => each.spent))];
  return newest;
}

function restoreAccount(draft: Draft, old: Account, known: Known): "added" | "changed" | "kept" {
  const { pool } = draft;
  const { nowMs } = known;
  const current = pool.accounts.find(({ id }) => id === old.id);
  const isLabelFree = !pool.accounts.some(
    ({ id, label }) => id !== old.id && label !== null && label.toLowerCase() === old.label?.toLowerCase(),
  );
  const label = isLabelFree ? old.label : null;
  if (!current) {
    const back = Object.assign(newestOf(old, known), { label, pausedAt: old.pausedAt });
    pool.accounts.push(back);
    recallAccount(pool, back, nowMs);
    return "added";
  }
  const isTokenBack = isOnTop(old, current, nowMs) && restoreLogin(draft, old, nowMs);
  const isSame = current.label === old.label && current.pausedAt === old.pausedAt;
  if (isLabelFree) current.label = old.label;
  current.pausedAt = old.pausedAt;
  return isSame && !isTokenBack ? "kept" : "changed";
}

/** A backup is the older of the two where nothing tells. */
function isOnTop({ login: old }: Account, { login: current }: Account, nowMs: number): boolean {
  const isWhole = old.refreshToken !== "" && current.refreshToken === "";
  return isWhole || isNewer(old, current, { nowMs, tie: "pool" });
}

function restoreLogin(draft: Draft, old: Account, nowMs: number): boolean {
  const { outcome, displaced } = adopt(draft.pool, old.login, { nowMs, tie: "pool" });
  if (displaced) draft.park(displaced);
  return outcome === "updated";
}
