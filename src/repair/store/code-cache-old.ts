import { ownCodeCaches, removeCodeCaches } from "../../store/code-cache-files.ts";
import type { Check } from "../check.ts";
import type { Scene } from "../scene.ts";

/** Earlier versions ran what lay there; this one never reads it. */
export const codeCacheOld: Check = {
  id: "code_cache_old",
  area: "store",
  severity: "info",
  title: "an earlier version has left compiled code in its folder",
  look: (scene) => {
    const evidence = found(scene);
    if (evidence.length === 0) return [];
    const message =
      "An earlier version of codex-auth kept its compiled code beside the pool. It is not used any more.";
    return [{ message, evidence, fix: "codex auth fix" }];
  },
  mend: {
    describe: (scene) => `Remove the compiled code in ${scene.paths.oldCodeCacheDir}.`,
    apply: ({ fx, paths }) => Promise.resolve(removeCodeCaches(fx.fs, paths.oldCodeCacheDir)),
  },
};

function found({ fx, paths }: Scene): string[] {
  return ownCodeCaches(fx.fs, paths.oldCodeCacheDir);
}
