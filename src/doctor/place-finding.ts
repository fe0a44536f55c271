import { existingFolder, writeProblem } from "../machine/disks.ts";
import { fileError } from "../machine/file-error.ts";
import { type FileSystem, linkTarget } from "../machine/file-system.ts";
import { isForeign, isUnmapped, rightOwner, shapeOf } from "../machine/path-kind.ts";
import type { PlaceProblem } from "../store/place-problems.ts";
import { shellWord } from "../text/shell-words.ts";
import type { FoundFault } from "./check.ts";
import type { Facts } from "./facts.ts";

/** What a command would say of the place, what comes of it, and what ends it. */
export function placeFault(facts: Facts, problem: PlaceProblem): FoundFault {
  const { place, error, code, culprit } = problem;
  const { path, effect, need, isSpare = false } = place;
  const refusal =
    code === "DANGLING"
      ? `${path} is a link to nothing.`
      : fileError(error, `${need === "write" ? "use" : "read"} ${path}`).message;
  return {
    message: `${refusal.replace(/\.$/, "")}, so ${effect}.`,
    evidence: [
      ...(culprit === path ? [] : [`because of ${culprit}`]),
      ...(isUnmapped(facts.ctx.fs, culprit) ? ["its owner is not in the uid map of this container"] : []),
    ],
    command: placeFix(facts, problem),
    severity: isSpare ? "warning" : "error",
  };
}

/** The command after which a place can be used again; null where only the disk can be looked at. */
function placeFix(facts: Facts, { place, code, culprit }: PlaceProblem): string | null {
  const { ctx, paths } = facts;
  if (code === "EROFS") return `findmnt --target ${shellWord(place.path)}`;
  if (code === "DANGLING") return fixOfLink(facts, place);
  if (!isBelow(culprit, paths.codexHome) && !isBelow(culprit, paths.storeDir))
    return elsewhere(facts, culprit);
  if (code === "EACCES" || code === "EPERM") return openFor(facts, culprit);
  return ["EISDIR", "ENXIO", "ELOOP", "EFBIG", "ENOTDIR", "NOFOLDER"].includes(code)
    ? moveAside(ctx.fs, culprit)
    : null;
}

/** The folder that is missed, where the person can make it. */
function fixOfLink({ ctx }: Facts, { path, kind }: PlaceProblem["place"]): string {
  const target = linkTarget(ctx.fs, path);
  const canMake = kind === "folder" && writeProblem(ctx.fs, existingFolder(ctx.fs, target)) === null;
  return canMake ? `mkdir -p ${shellWord(target)}` : moveAside(ctx.fs, path);
}

/** To the person who runs this; recursive, because `sudo codex` leaves more than one file. */
function openFor({ ctx, paths }: Facts, path: string): string {
  if (isUnmapped(ctx.fs, path))
    return "podman run --userns=keep-id …   # or: docker run --user <its owner outside> …";
  const owner = rightOwner(ctx.fs, paths);
  if (owner && isForeign(ctx.fs, paths, path))
    return `sudo chown -R ${owner.uid}:${owner.gid} ${shellWord(path)}`;
  return `chmod u+rwX ${shellWord(path)}`;
}

/** A folder above: what stands there is not ours to change. */
function elsewhere({ paths, ctx }: Facts, culprit: string): string | null {
  if (isBelow(paths.codexHome, culprit) && ctx.env["CODEX_HOME"]) return "unset CODEX_HOME";
  if (isBelow(paths.storeDir, culprit) && paths.givenStoreDir !== null) return "unset CODEX_AUTH_DIR";
  return `ls -ld ${shellWord(culprit)}`;
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** The command that moves a file or folder away, over nothing that an earlier one has put there. */
export function moveAside(fs: FileSystem, path: string, ending = "aside"): string {
  return `mv ${shellWord(path)} ${shellWord(`${path}.${freeEnding(fs, path, ending)}`)}`;
}

/** "aside", or "aside2" and so on: one with which nothing stands beside the path. */
export function freeEnding(fs: FileSystem, path: string, ending: string): string {
  const endings = [ending, ...Array.from({ length: 98 }, (_, index) => `${ending}${index + 2}`)];
  return endings.find((each) => shapeOf(fs, `${path}.${each}`) === "missing") ?? `${ending}100`;
}

/** The same for a database, with its -wal and -shm, into a folder whose name begins so. */
export function moveDatabaseAside(path: string, start: string): string {
  return `d=${shellWord(`${start}set-aside-`)}$(date +%s); mkdir "$d" && mv ${shellWord(path)}* "$d"`;
}
