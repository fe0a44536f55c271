import { isForeign, ownerOf, rightOwner } from "../../store/file-owner.ts";
import type { Check, Sighting } from "../check.ts";
import type { Scene } from "../scene.ts";
import { shellWord } from "../shell-word.ts";

/** What `sudo codex` leaves: a renewed token that cannot be saved is lost, so the lock files count too. */
export const fileOfAnotherUser: Check = {
  id: "file_of_another_user",
  area: "credentials",
  severity: "error",
  title: "auth.json, its locks or the pool belong to another user",
  look: (scene) => ownedPaths(scene).flatMap((path) => sighting(scene, path)),
};

/** What must belong to whoever runs Codex. */
export function ownedPaths({ paths, live }: Scene): string[] {
  const { authFile, authLock, poolFile, storeDir } = paths;
  const target = live?.target ?? authFile;
  return [target, authLock, `${target}.lock`, storeDir, poolFile];
}

function sighting({ fx: { fs }, paths }: Scene, path: string): Sighting[] {
  if (!isForeign(fs, paths, path)) return [];
  const [right, owner] = [rightOwner(fs, paths), ownerOf(fs, path)];
  const message = `${path} belongs to user ${owner?.uid} instead of ${right?.uid}: a renewed token may not be saved.`;
  const all = path === paths.storeDir ? "-R " : "";
  return [{ message, fix: `sudo chown ${all}${right?.uid}:${right?.gid} ${shellWord(path)}` }];
}
