import { basename, dirname, join } from "node:path";
import { type FileSystem, namesIn, removeIfPresent } from "../../machine/file-system.ts";
import type { Paths } from "../../machine/paths.ts";
import { isTemporary } from "../atomic-write.ts";

/** A write of ours takes milliseconds; a temporary that is older has no writer any more. */
const abandonedMs = 60_000;

/** A folder in which a killed command may have left temporaries. */
interface Place {
  folder: string;
  /**
   * Only those of files whose names begin so, where the folder is not ours alone: in a folder of logins that several
   * homes link to, the temporaries of the others are alive.
   */
  names?: readonly string[];
  /** It is written without the lock of the store, so that a young temporary may be alive. */
  isShared?: boolean;
}

function placesOf(paths: Paths, authTarget: string): Place[] {
  const { storeDir, backupsDir, displacedDir, homesDir, sessionIndexDir, unsavedDir, codexHome, configFile } =
    paths;
  return [
    ...[storeDir, backupsDir, displacedDir, homesDir].map((folder) => ({ folder })),
    { folder: sessionIndexDir, isShared: true },
    // Those of unsaved tokens may hold new ones, and are read like these.
    { folder: unsavedDir, names: ["probe."], isShared: true },
    { folder: dirname(authTarget), names: [`${basename(authTarget)}.`, "auth.json.broken-"] },
    { folder: codexHome, names: [`${basename(configFile)}.`] },
  ];
}

/** Removes what killed processes left; for the holder of the lock of the store. */
export function sweepAllTemporaries(fs: FileSystem, paths: Paths, authTarget: string): void {
  for (const place of placesOf(paths, authTarget))
    for (const path of temporariesIn(fs, place))
      // The clock of the machine and not of the command: it is compared with times that the file system gives.
      if (!place.isShared || isAbandoned(fs, path, Date.now())) removeIfPresent(fs, path);
}

/** The temporaries that nobody writes any more. */
export function abandonedTemporaries(
  fs: FileSystem,
  paths: Paths,
  { authTarget, nowMs }: { authTarget: string; nowMs: number },
): string[] {
  const found = placesOf(paths, authTarget).flatMap((place) => temporariesIn(fs, place));
  return [...new Set(found)].filter((path) => isAbandoned(fs, path, nowMs));
}

function temporariesIn(fs: FileSystem, { folder, names }: Place): string[] {
  return namesIn(fs, folder)
    .filter((name) => isTemporary(name, names))
    .sort()
    .map((name) => join(folder, name));
}

/** Also one from the future: the clock was ahead. */
function isAbandoned(fs: FileSystem, path: string, nowMs: number): boolean {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Math.abs(nowMs - stat.mtimeMs) > abandonedMs;
}
