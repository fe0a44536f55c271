import { lockStates, userOfLock } from "../../store/lock-states.ts";
import type { LockState } from "../../store/lock-states.ts";
import type { Check } from "../check.ts";
import type { Scene } from "../scene.ts";

/** Harmless: the next command takes it over in milliseconds. */
export const lockLeftOver: Check = {
  id: "lock_left_over",
  area: "store",
  severity: "info",
  title: "a killed command has left a lock",
  look: (scene) =>
    deadLocks(scene).map(({ path, name, owner: { pid, purpose, since } }) => ({
      message: `${name} was left by a command that was killed; the next one takes it over.`,
      evidence: [`process ${pid}, which has ended: ${purpose}, since ${since}`],
      fix: "codex auth fix",
      target: path,
    })),
  mend: {
    describe: (_, { target }) => `Remove the lock ${target} of a process that has ended.`,
    apply: async (scene, { target }) => {
      const lock = deadLocks(scene).find(({ path }) => path === target);
      if (lock) await takeAndRelease(scene, lock);
    },
  },
};

function deadLocks({ fx, paths }: Scene): LockState[] {
  return lockStates(fx.fs, paths.locksDir).filter(({ isDead }) => isDead);
}

/** The lock itself knows best how it is taken over. */
async function takeAndRelease({ fx }: Scene, lock: LockState): Promise<void> {
  const user = userOfLock(lock);
  if (user === null) return fx.store.transaction("fix", () => undefined);
  const lease = await fx.store.refreshLock(user);
  await lease.release();
}
