import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { RotationReading } from "../../store/rotation-file.ts";
import type { Store } from "../../store/store.ts";
import type { Check } from "../check.ts";

/** A Codex that was told the address waits for an answer there, and never gives up. */
export const rotationKilled: Check = {
  id: "rotation_killed",
  area: "store",
  severity: "warning",
  title: "the rotation proxy was killed",
  look: ({ fx: { store } }) => {
    const found = readEntry(store);
    if (found?.liveness !== "dead") return [];
    const { port, process } = found.entry;
    return [
      {
        message: `The rotation proxy on port ${port} was killed. A Codex that uses it waits until one answers there again.`,
        evidence: [
          `process ${process.pid}, which has ended`,
          `to answer there again: codex auth rotation start --port ${port}`,
        ],
        fix: "codex auth fix",
      },
    ];
  },
  mend: {
    describe: () => "Forget the rotation proxy that was killed.",
    apply: async ({ fx: { store } }) => await store.rotation.sweep(),
  },
};

export const rotationSuspended: Check = {
  id: "rotation_suspended",
  area: "store",
  severity: "warning",
  title: "the rotation proxy is suspended",
  look: ({ fx: { store } }) => {
    const found = readEntry(store);
    if (found?.isSuspended !== true) return [];
    const { port, process } = found.entry;
    const message = `The rotation proxy on port ${port} is suspended, as by Ctrl-Z: whoever uses it waits.`;
    return [{ message, evidence: [`process ${process.pid}`], fix: `kill -CONT ${process.pid}` }];
  },
};

/** Null also for an entry that cannot be read, which has a check of its own. */
function readEntry({ rotation }: Store): RotationReading | null {
  try {
    return rotation.read();
  } catch (error) {
    if (error instanceof CodexAuthError) return null;
    throw error;
  }
}
