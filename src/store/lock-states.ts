import { join } from "node:path";
import type { FileSystem } from "./file-system.ts";
import { namesIn } from "./files.ts";
import { readOwner } from "./lock-owner.ts";
import type { LockOwner } from "./lock-owner.ts";
import { currentProcess, livenessOf } from "./process-identity.ts";

/** A lock folder of ours, as it stands now. */
export interface LockState {
  path: string;
  /** store.lock, or refresh-<user>.lock. */
  name: string;
  owner: LockOwner;
  /** Nobody holds it: its process is proven to have ended. */
  isDead: boolean;
}

export function lockStates(fs: FileSystem, locksDir: string): LockState[] {
  return namesIn(fs, locksDir)
    .filter((name) => name.endsWith(".lock"))
    .sort()
    .flatMap((name) => {
      const path = join(locksDir, name);
      const owner = readOwner(fs, path);
      return owner ? [{ path, name, owner, isDead: livenessOf(owner, currentProcess()) === "dead" }] : [];
    });
}

/** Whose renewals a refresh lock is about, as `Store.refreshLock` takes it; null for the lock of the store. */
export function userOfLock({ name }: LockState): string | null {
  return /^refresh-(.+)\.lock$/.exec(name)?.[1] ?? null;
}
