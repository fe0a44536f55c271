import { folderOf, isForeign } from "../../store/file-owner.ts";
import { placeProblems, usedPlaces } from "../../store/place-problems.ts";
import type { PlaceProblem } from "../../store/place-problems.ts";
import type { Check } from "../check.ts";
import { lockPaths } from "../credentials/auth-lock-blocked.ts";
import { ownedPaths } from "../credentials/file-of-another-user.ts";
import { placeSighting } from "../place-sighting.ts";
import type { Scene } from "../scene.ts";
import { foldersOf } from "./folder-read-only.ts";

/** What a child of `exec`, `sudo` or a disk may have left: here it is tried, so that no command is the first to meet it. */
export const placeUnusable: Check = {
  id: "place_unusable",
  area: "store",
  severity: "error",
  title: "a file or folder that commands use cannot be used",
  look: (scene) => {
    const { fx, paths, live } = scene;
    return placeProblems(fx.fs, usedPlaces(fx.fs, paths, live?.target ?? paths.authFile))
      .filter((problem) => !isSeenElsewhere(scene, problem))
      .map((problem) => placeSighting(scene, problem));
  },
};

/** What has a check of its own: where nothing can be written, what other users own, a folder where Codex locks. */
function isSeenElsewhere(scene: Scene, { place: { path }, code, culprit }: PlaceProblem): boolean {
  const folders = foldersOf(scene);
  if (code === "EISDIR" && lockPaths(scene).includes(path)) return true;
  if (code === "EROFS") return folders.has(path) || folders.has(folderOf(path));
  if (code !== "EACCES" || culprit !== path) return false;
  return (
    folders.has(path) ||
    ownedPaths(scene).some((each) => each === path && isForeign(scene.fx.fs, scene.paths, path))
  );
}
