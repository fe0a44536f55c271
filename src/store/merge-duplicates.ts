import type { Account } from "./account.ts";
import { accountIdOf } from "./account-id.ts";
import { adopt } from "./adopt.ts";
import type { Pool } from "./pool-file.ts";
import type { Draft } from "./store.ts";

/** Accounts of one identity that stand in the pool more than once; the one to keep first. */
export function duplicates(pool: Pool): Account[][] {
  const groups = new Map<string, Account[]>();
  for (const account of pool.accounts) {
    const key = JSON.stringify(account.login.identity);
    groups.set(key, [...(groups.get(key) ?? []), account]);
  }
  return [...groups.values()].filter(({ length }) => length > 1).map((group) => keptFirst(pool, group));
}

/** A renewal is under way, or was killed: then the two stay as they are until it is settled. */
export function isBeingRenewed(group: readonly Account[]): boolean {
  return group.some(({ refresh }) => refresh !== null);
}

/** Makes one account of those that `keptId` is the first of: the newest tokens win, the others are parked. */
export function mergeDuplicates(draft: Draft, keptId: string, nowMs: number): void {
  const { pool } = draft;
  const [kept, ...others] = duplicates(pool).find(([first]) => first?.id === keptId) ?? [];
  if (!kept || isBeingRenewed([kept, ...others])) return;
  pool.accounts = pool.accounts.filter((account) => !others.includes(account));
  for (const other of others) mergeInto(draft, { kept, other, nowMs });
  const ids = new Set<string | null>(others.map(({ id }) => id));
  if (ids.has(pool.previousId)) pool.previousId = kept.id;
  if (ids.has(pool.activeId)) pool.activeId = kept.id;
  draft.renewLive(kept);
}

function mergeInto(
  draft: Draft,
  { kept, other, nowMs }: { kept: Account; other: Account; nowMs: number },
): void {
  kept.label ??= other.label;
  kept.spent = [...new Set([...other.spent, ...kept.spent])];
  const { outcome, displaced } = adopt(draft.pool, other.login, { nowMs, tie: "pool" });
  if (outcome === "updated") kept.flag = other.flag;
  if (displaced) draft.park(displaced);
  if (draft.active === other) draft.active = kept;
}

/** The id that the identity has everywhere, then the active one, then the first. */
function keptFirst({ activeId }: Pool, group: readonly Account[]): Account[] {
  const hasOwnId = ({ id, login }: Account) => id === accountIdOf(login.identity);
  const kept = group.find(hasOwnId) ?? group.find(({ id }) => id === activeId) ?? group[0];
  return kept ? [kept, ...group.filter((each) => each !== kept)] : [];
}
