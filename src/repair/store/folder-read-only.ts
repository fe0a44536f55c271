import { existingFolder, writeProblem } from "../../store/disk-facts.ts";
import { folderOf } from "../../store/file-owner.ts";
import type { Check, Sighting } from "../check.ts";
import type { Scene } from "../scene.ts";
import { shellWord } from "../shell-word.ts";

/** Codex finds out only when it has already spent the old token. */
export const folderReadOnly: Check = {
  id: "folder_read_only",
  area: "store",
  severity: "error",
  title: "a renewed token could not be saved: a folder is read-only",
  look: (scene) => {
    if (scene.problem?.code === "codex_home_missing") return { skipped: "there is no CODEX_HOME" };
    const folders = [...foldersOf(scene)].flatMap((folder) => {
      const problem = writeProblem(scene.fx.fs, folder);
      return problem === null ? [] : [{ folder, problem }];
    });
    const disk = folders.find(({ problem }) => problem === "EROFS");
    return disk ? [sightingOfDisk(disk.folder)] : folders.map(({ folder }) => sighting(folder));
  },
};

function foldersOf({ fx: { fs }, paths, live }: Scene): Set<string> {
  const folders = [folderOf(live?.target ?? paths.authFile), paths.storeDir, paths.codexHome];
  return new Set(folders.map((folder) => existingFolder(fs, folder)));
}

function sightingOfDisk(folder: string): Sighting {
  const message = `${folder} is on a disk that is mounted read-only: a renewed token would be lost.`;
  return { message, fix: `findmnt --target ${shellWord(folder)}` };
}

function sighting(folder: string): Sighting {
  const message = `Nothing can be written in ${folder}: a renewed token would be lost.`;
  return { message, fix: `chmod u+wx ${shellWord(folder)}` };
}
