import { currentProcess } from "../machine/processes.ts";
import { openFileStore } from "../store/file-store.ts";
import { type HelperAnswer, lockHelper } from "../store/locks/lock-helper.ts";
import { shadowFs, shadowSlot } from "../store/rehearsal/shadow-fs.ts";
import type { DoctorCheck } from "./check.ts";
import type { DoctorContext } from "./facts.ts";
import { type Fixed, fixAll } from "./fix.ts";

/**
 * What `fix` would do: it is done, on files that are changed in memory only. A list of what is found now would miss what
 * the first fix uncovers. Nobody is asked over the network, and no token can be renewed.
 */
export async function rehearse(ctx: DoctorContext, checks: readonly DoctorCheck[]): Promise<Fixed> {
  const fs = shadowFs(ctx.fs);
  const self = currentProcess();
  const slot = await ctx.store.keyringSlot();
  const shadow = slot && shadowSlot(slot);
  let helper: Promise<HelperAnswer> | null = null;
  const store = openFileStore(ctx.store.paths, {
    fs,
    now: ctx.now,
    sleep: (ms) => ctx.sleep(ms),
    self: () => self,
    processes: ctx.processes,
    findSlot: ({ codexHome }) => Promise.resolve(codexHome === ctx.store.paths.codexHome ? shadow : null),
    // The locks of Codex would be locks on files of the disk. Whether they could be taken is known all the same.
    flock: () => (helper ??= lockHelper(ctx.fs, ctx.env["PATH"] ?? "", ctx.flock)),
  });
  const shadowed = { ...ctx, fs, store, disk: ctx.fs, ...offline };
  const rehearsed = await fixAll(shadowed, checks, { isLive: false });
  for (const change of rehearsed.changes) Object.assign(change, { isApplied: false, undo: null });
  return rehearsed;
}

const offline = {
  fetch: () => Promise.reject(new Error("A rehearsal asks nobody.")),
  websocketStatus: () => Promise.reject(new Error("A rehearsal asks nobody.")),
  renew: () => Promise.reject(new Error("A rehearsal renews no token.")),
};
