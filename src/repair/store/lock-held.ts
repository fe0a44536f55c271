import { lockStates } from "../../store/lock-states.ts";
import type { Check } from "../check.ts";

export const lockHeld: Check = {
  id: "lock_held",
  area: "store",
  severity: "info",
  title: "another command of ours is at work",
  look: ({ fx, paths }) =>
    lockStates(fx.fs, paths.locksDir)
      .filter(({ isDead }) => !isDead)
      .map(({ name, owner: { pid, host, purpose, since } }) => ({
        message: `${name} is held by process ${pid} on ${host}: ${purpose}, since ${since}.`,
        fix: null,
      })),
};
