import { isRecord } from "../../text/json.ts";
import { type Account, accountIdOf } from "../../pool/account.ts";
import { adopt } from "../../pool/adopt.ts";
import type { Pool } from "../../pool/pool.ts";
import { entryKey, isName, loginInEntry } from "../../pool/unreadable-entries.ts";
import type { Transaction } from "../../store/store.ts";

/** Takes the login of such an entry back into the pool; where an account has a newer one, that of the entry is kept aside. */
export function takeBackEntry(transaction: Transaction, key: string, nowMs: number): void {
  const { unreadable } = transaction.pool;
  const index = unreadable.findIndex((each) => entryKey(each) === key);
  const entry = unreadable[index];
  const login = loginInEntry(entry);
  if (!login || !isRecord(entry)) return;
  transaction.pool.unreadable = unreadable.toSpliced(index, 1);
  const { account, displaced, outcome } = adopt(transaction.pool, login, { nowMs, tie: "pool" });
  if (displaced) transaction.keepDisplaced(displaced);
  const { label, pausedAt, spent } = entry;
  if (isName(label) && !transaction.pool.accounts.some((each) => each.label === label))
    account.label ??= label;
  if (outcome !== "added") return;
  if (isName(pausedAt)) account.pausedAt = pausedAt;
  if (Array.isArray(spent)) account.spent = [...new Set([...account.spent, ...spent.filter(isName)])];
}

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

/** Makes one account of those that `keptId` is the first of: the newest tokens win, the others are kept aside. */
export function mergeDuplicates(transaction: Transaction, keptId: string, nowMs: number): void {
  const { pool } = transaction;
  const [kept, ...others] = duplicates(pool).find(([first]) => first?.id === keptId) ?? [];
  if (!kept || isBeingRenewed([kept, ...others])) return;
  pool.accounts = pool.accounts.filter((account) => !others.includes(account));
  for (const other of others) mergeInto(transaction, { kept, other, nowMs });
  const ids = new Set<string | null>(others.map(({ id }) => id));
  if (ids.has(pool.previousId)) pool.previousId = kept.id;
  if (ids.has(pool.activeId)) pool.activeId = kept.id;
  transaction.renewLive(kept);
}

function mergeInto(
  transaction: Transaction,
  { kept, other, nowMs }: { kept: Account; other: Account; nowMs: number },
): void {
  kept.label ??= other.label;
  kept.spent = [...new Set([...other.spent, ...kept.spent])];
  const { outcome, displaced } = adopt(transaction.pool, other.login, { nowMs, tie: "pool" });
  if (outcome === "updated") kept.flag = other.flag;
  if (displaced) transaction.keepDisplaced(displaced);
  if (transaction.active === other) transaction.active = kept;
}

/** The id that the identity has everywhere, then the active one, then the first. */
function keptFirst({ activeId }: Pool, group: readonly Account[]): Account[] {
  const hasOwnId = ({ id, login }: Account) => id === accountIdOf(login.identity);
  const kept = group.find(hasOwnId) ?? group.find(({ id }) => id === activeId) ?? group[0];
  return kept ? [kept, ...group.filter((each) => each !== kept)] : [];
}
