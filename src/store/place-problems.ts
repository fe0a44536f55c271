import { constants } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errorCode } from "../machine/file-error.ts";
import { type FileSystem, linkTarget, namesIn, notFolder } from "../machine/file-system.ts";
import { openRegular } from "../machine/guarded-file.ts";
import { isThere } from "../machine/path-kind.ts";
import type { Paths } from "../machine/paths.ts";
import { unsavedName } from "./files/aside.ts";
import { ownerEnding } from "./homes/home-owner.ts";

/** A file or folder that commands use, and what they do with it. */
export interface Place {
  path: string;
  kind: "file" | "folder";
  /** `read`: it is only read, or replaced as a whole. */
  need: "read" | "write";
  /** What comes of it when it cannot be used. */
  effect: string;
  /** Commands do without it. */
  isSpare?: boolean;
}

/** A place that cannot be used as it has to be: the refusal that a command would meet. */
export interface PlaceProblem {
  place: Place;
  error: unknown;
  /** As node names it; DANGLING for a link to nothing where that cannot be. */
  code: string;
  /** The path itself or a folder above it: what has to be changed. */
  culprit: string;
}

/** Tries what commands do with each place, without a change, and nothing below a place that cannot be used. */
export function placeProblems(fs: FileSystem, places: readonly Place[]): PlaceProblem[] {
  const found: PlaceProblem[] = [];
  for (const place of places) {
    if (found.some(({ culprit }) => place.path === culprit || place.path.startsWith(`${culprit}/`))) continue;
    const problem = placeProblem(fs, place);
    if (problem) found.push(problem);
  }
  return found;
}

export function placeProblem(fs: FileSystem, place: Place): PlaceProblem | null {
  try {
    if (place.kind === "folder") tryFolder(fs, place);
    else tryFile(fs, place);
    return null;
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" && !leadsNowhere(fs, place)) return null;
    return { place, error, code: code === "ENOENT" ? "DANGLING" : code, culprit: culpritOf(fs, place.path) };
  }
}

/** A link to a folder that is not there, or to a file that cannot be made, because its folder is not there. */
function leadsNowhere(fs: FileSystem, { path, kind, need }: Place): boolean {
  if (!isThere(fs, path)) return false;
  return kind === "folder" || (need === "write" && !isThere(fs, dirname(linkTarget(fs, path))));
}

function tryFolder(fs: FileSystem, { path, need }: Place): void {
  if (!fs.statSync(path).isDirectory()) throw notFolder();
  fs.readdirSync(path);
  fs.accessSync(path, constants.X_OK | (need === "write" ? constants.W_OK : 0));
}

function tryFile(fs: FileSystem, { path, need }: Place): void {
  fs.closeSync(openRegular(fs, path));
  if (need === "write") fs.accessSync(path, constants.W_OK);
}

/** The first folder on the way that cannot be entered, or the path itself. */
function culpritOf(fs: FileSystem, path: string): string {
  const above = dirname(path);
  if (above === path) return path;
  const first = culpritOf(fs, above);
  return first !== above || !canEnter(fs, above) ? first : path;
}

function canEnter(fs: FileSystem, folder: string): boolean {
  try {
    if (!fs.statSync(folder).isDirectory()) return false;
    fs.accessSync(folder, constants.X_OK);
    return true;
  } catch (error) {
    // What is not there yet will be made.
    return errorCode(error) === "ENOENT" && !isThere(fs, folder);
  }
}

const renewals = "no token can be renewed";
const changes = "commands that change something fail";

/**
 * Everything in CODEX_HOME and in our folder that commands open, a folder before what is in it. The pool, auth.json and
 * config.toml have checks of their own.
 */
export function usedPlaces(fs: FileSystem, paths: Paths, authTarget: string): Place[] {
  const { codexHome, storeDir, locksDir, backupsDir, displacedDir, unsavedDir, homesDir } = paths;
  return [
    folder(storeDir, "no account can be read or kept"),
    appended(paths.poolFile, "no account is known, and none can be kept"),
    folder(locksDir, changes),
    ...locksIn(fs, locksDir),
    folder(backupsDir, changes),
    folder(displacedDir, "a login that would be put aside cannot be, and the command fails"),
    folder(unsavedDir, renewals),
    ...filesIn(fs, unsavedDir, {
      pattern: unsavedName,
      effect: "what a killed renewal may have kept there is not taken in",
    }),
    folder(homesDir, "exec fails"),
    ...filesIn(fs, homesDir, {
      pattern: new RegExp(`${ownerEnding.replace(".", "\\.")}$`),
      effect: "a private home of exec stays, and a login that was made in it is not taken in",
    }),
    appended(paths.historyFile, "the forecast knows nothing of earlier days, and check fails"),
    appended(paths.proxiedFile, "figures of sessions may be given to the wrong account"),
    { ...spare(paths.usageFile, "what was known of limits is not known, and check fails"), isSpare: false },
    { ...spare(join(storeDir, "rotation.json"), "the rotation proxy is not found"), isSpare: false },
    appended(join(storeDir, "rotation.log"), "the rotation proxy does not start in the background"),
    folder(paths.sessionIndexDir, "session logs are read anew by every command", true),
    ...filesIn(fs, paths.sessionIndexDir, {
      pattern: /\.json$/,
      effect: "session logs are read anew by every command",
      isSpare: true,
    }),
    appended(paths.authLock, "neither Codex nor codex-auth can save a renewed token"),
    appended(`${authTarget}.lock`, "neither Codex nor codex-auth can save a renewed token"),
    ...["sessions", "archived_sessions"].map((name) => folder(join(codexHome, name), sessionsEffect)),
    spare(join(codexHome, "models_cache.json"), "Codex asks for its list of models at every start"),
  ];
}

const sessionsEffect = "exec fails, and nothing is known of the use in earlier sessions";

function locksIn(fs: FileSystem, locksDir: string): Place[] {
  return namesIn(fs, locksDir)
    .filter((name) => name.endsWith(".lock"))
    .flatMap((name) => {
      const path = join(locksDir, name);
      return [
        folder(path, "commands wait for it"),
        spare(join(path, "owner.json"), "nobody sees who holds it"),
      ];
    });
}

function filesIn(
  fs: FileSystem,
  folder: string,
  { pattern, effect, isSpare = false }: { pattern: RegExp; effect: string; isSpare?: boolean },
): Place[] {
  return namesIn(fs, folder)
    .filter((name) => pattern.test(basename(name)))
    .map((name) => ({ path: join(folder, name), kind: "file", need: "read", effect, isSpare }));
}

function folder(path: string, effect: string, isSpare = false): Place {
  return { path, kind: "folder", need: "write", effect, isSpare };
}

function appended(path: string, effect: string): Place {
  return { path, kind: "file", need: "write", effect };
}

function spare(path: string, effect: string): Place {
  return { path, kind: "file", need: "read", effect, isSpare: true };
}
