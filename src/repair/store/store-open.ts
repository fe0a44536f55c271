import { closeToOthers, modeOf, ownModeOf } from "../../store/file-mode.ts";
import { realPath } from "../../store/home-place.ts";
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
    const message = `${scene.paths.storeDir} is open to other users: the tokens of all accounts are not secret.`;
    const open = openPaths(scene);
    if (open.length > 0) {
      const evidence = open.map(({ path, mode }) => modeLine(path, mode));
      return [{ message, evidence, fix: `chmod -R go= ${shellWord(scene.paths.storeDir)}` }];
    }
    const mode = modeOf(scene.fx.fs, scene.paths.storeDir);
    if (mode === null || (mode & 0o077) === 0) return [];
    // Another user's, or one for everybody as /tmp is: closing it would take it from the others.
    const evidence = [modeLine(scene.paths.storeDir, mode), "the folder is not yours alone"];
    return [
      { message, evidence, fix: 'export CODEX_AUTH_DIR="$HOME/<a folder of its own>"', canMend: false },
    ];
  },
  mend: {
    describe: (scene) =>
      `Close to other users: ${openPaths(scene)
        .map(({ path }) => path)
        .join(", ")}.`,
    apply: (scene) => {
      for (const { path } of openPaths(scene)) closeToOthers(scene.fx.fs, scene.paths, path);
      return Promise.resolve();
    },
  },
};

function modeLine(path: string, mode: number): string {
  return `${path}: mode ${mode.toString(8).padStart(4, "0")}`;
}

/** Of ours; a link among them leads to what is none of it. */
function openPaths({ fx, paths }: Scene): { path: string; mode: number }[] {
  const { poolFile, backupsDir, parkedDir, rescueDir, homesDir } = paths;
  const storeDir = realPath(fx.fs, paths.storeDir);
  return [storeDir, poolFile, backupsDir, parkedDir, rescueDir, homesDir].flatMap((path) => {
    const mode = ownModeOf(fx.fs, paths, path);
    return mode !== null && (mode & 0o077) !== 0 ? [{ path, mode }] : [];
  });
}
