import { existingFolder, writeProblem } from "../../store/disk-facts.ts";
import { folderOf, isForeign, rightOwner } from "../../store/file-owner.ts";
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
    return disk ? [sightingOfDisk(disk.folder)] : folders.flatMap(({ folder }) => sighting(scene, folder));
  },
};

/** What has to be writable at all times. */
export function foldersOf({ fx: { fs }, paths, live }: Scene): Set<string> {
  const folders = [folderOf(live?.target ?? paths.authFile), paths.storeDir, paths.codexHome];
  return new Set(folders.map((folder) => existingFolder(fs, folder)));
}

function sightingOfDisk(folder: string): Sighting {
  const message = `${folder} is on a disk that is mounted read-only: a renewed token would be lost.`;
  return { message, fix: `findmnt --target ${shellWord(folder)}` };
}

function sighting({ fx: { fs }, paths }: Scene, folder: string): Sighting[] {
  const message = `Nothing can be written in ${folder}: a renewed token would be lost.`;
  const owner = isForeign(fs, paths, folder) ? rightOwner(fs, paths) : null;
  if (!owner) return [{ message, fix: `chmod u+rwx ${shellWord(folder)}` }];
  // The folder of the pool has a check of its own when it belongs to another user.
  if (folder === paths.storeDir) return [];
  return [{ message, fix: `sudo chown ${owner.uid}:${owner.gid} ${shellWord(folder)}` }];
}
