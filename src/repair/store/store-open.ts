import { closeToOthers, modeOf } from "../../store/file-mode.ts";
import type { Check, Looked } from "../check.ts";
import type { Scene } from "../scene.ts";
import { shellWord } from "../shell-word.ts";

export const storeOpen: Check = {
  id: "store_open",
  area: "store",
  severity: "warning",
  title: "the folder of the pool, or a file in it, can be read by other users",
  look: (scene): Looked => {
    if (scene.fx.platform === "win32") return { skipped: "Windows has no modes" };
    const open = openPaths(scene);
    if (open.length === 0) return [];
    const message = `${scene.paths.storeDir} is open to other users: the tokens of all accounts are not secret.`;
    const evidence = open.map(({ path, mode }) => `${path}: mode ${mode.toString(8).padStart(4, "0")}`);
    return [{ message, evidence, fix: `chmod -R go= ${shellWord(scene.paths.storeDir)}` }];
  },
  mend: {
    describe: (scene) =>
      `Close to other users: ${openPaths(scene)
        .map(({ path }) => path)
        .join(", ")}.`,
    apply: (scene) => {
      for (const { path } of openPaths(scene)) closeToOthers(scene.fx.fs, path);
      return Promise.resolve();
    },
  },
};

function openPaths({ fx, paths }: Scene): { path: string; mode: number }[] {
  const { storeDir, poolFile, backupsDir, parkedDir, rescueDir, homesDir } = paths;
  return [storeDir, poolFile, backupsDir, parkedDir, rescueDir, homesDir].flatMap((path) => {
    const mode = modeOf(fx.fs, path);
    return mode !== null && (mode & 0o077) !== 0 ? [{ path, mode }] : [];
  });
}
