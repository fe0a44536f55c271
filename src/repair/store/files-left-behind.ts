import { leftBehind } from "../../store/leftovers.ts";
import type { Check } from "../check.ts";
import type { Scene } from "../scene.ts";

/** Harmless; the next command that writes would sweep them too. */
export const filesLeftBehind: Check = {
  id: "files_left_behind",
  area: "store",
  severity: "info",
  title: "a killed command has left files",
  look: (scene) => {
    const paths = found(scene);
    if (paths.length === 0) return [];
    const message = "A command that was killed has left files that nobody needs.";
    return [{ message, evidence: paths, fix: "codex auth fix" }];
  },
  mend: {
    describe: (scene) =>
      `Remove what a killed command has left: ${found(scene).length} files or private homes.`,
    // What a killed `exec` has left is taken into the pool first.
    apply: ({ fx }) => fx.store.transaction("fix", () => undefined),
  },
};

function found({ fx, paths, live, nowMs }: Scene): string[] {
  return leftBehind(fx.fs, paths, live?.target ?? paths.authFile, nowMs);
}
