import { fileError } from "../store/file-error.ts";
import { isForeign, rightOwner } from "../store/file-owner.ts";
import { linkTarget } from "../store/files.ts";
import type { PlaceProblem } from "../store/place-problems.ts";
import type { Sighting } from "./check.ts";
import { moveAside } from "./move-aside.ts";
import type { Scene } from "./scene.ts";
import { shellWord } from "./shell-word.ts";

/** What a command would say of the place, what comes of it, and what ends it. */
export function placeSighting(scene: Scene, problem: PlaceProblem): Sighting {
  const { place, error, code, culprit } = problem;
  const { path, effect, need, isSpare = false } = place;
  const refusal =
    code === "DANGLING"
      ? `${path} is a link to nothing.`
      : fileError(error, `${need === "write" ? "use" : "read"} ${path}`).message;
  return {
    message: `${refusal.replace(/\.$/, "")}, so ${effect}.`,
    ...(culprit !== path && { evidence: [`because of ${culprit}`] }),
    fix: placeFix(scene, problem),
    severity: isSpare ? "warning" : "error",
  };
}

/** The command after which a place can be used again; null where only the disk can be looked at. */
function placeFix(scene: Scene, { place, code, culprit }: PlaceProblem): string | null {
  const { fx, paths } = scene;
  if (code === "EROFS") return `findmnt --target ${shellWord(place.path)}`;
  if (code === "DANGLING") return `mkdir -p ${shellWord(linkTarget(fx.fs, place.path))}`;
  if (!isBelow(culprit, paths.codexHome) && !isBelow(culprit, paths.storeDir))
    return elsewhere(scene, culprit);
  if (code === "EACCES" || code === "EPERM") return openFor(scene, culprit);
  return ["EISDIR", "ENXIO", "ELOOP", "EFBIG", "ENOTDIR", "NOFOLDER"].includes(code)
    ? moveAside(fx.fs, culprit)
    : null;
}

/** To the person who runs this; recursive, because `sudo codex` leaves more than one file. */
function openFor({ fx, paths }: Scene, path: string): string {
  const owner = rightOwner(fx.fs, paths);
  if (owner && isForeign(fx.fs, paths, path))
    return `sudo chown -R ${owner.uid}:${owner.gid} ${shellWord(path)}`;
  return `chmod u+rwX ${shellWord(path)}`;
}

/** A folder above: what stands there is not ours to change. */
function elsewhere({ paths, fx }: Scene, culprit: string): string | null {
  if (isBelow(paths.codexHome, culprit) && fx.env["CODEX_HOME"]) return "unset CODEX_HOME";
  if (isBelow(paths.storeDir, culprit) && paths.givenStoreDir !== null) return "unset CODEX_AUTH_DIR";
  return `ls -ld ${shellWord(culprit)}`;
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
