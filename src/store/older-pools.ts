import { join } from "node:path";
import type { Backup } from "./backups.ts";
import type { RepairBackup } from "./repair-backup.ts";
import type { Store } from "./store.ts";

/** Every copy of the pool there is, newest first; some may be as damaged as the pool. */
export function olderPools(store: Store): Backup[] {
  const repairs = store.repairBackups().flatMap((each) => poolIn(each) ?? []);
  return [...store.backups(), ...repairs].sort((a, b) => (a.takenAt < b.takenAt ? 1 : -1));
}

/** The pool as it was before a repair; null when there was none. */
export function poolIn({ name, path, takenAt, files }: RepairBackup): Backup | null {
  if (!files.includes("pool.json")) return null;
  return { kind: "pool", name, path: join(path, "pool.json"), takenAt, revision: 0 };
}
