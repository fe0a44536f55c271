import { existingFolder, freeBytes, mountOf, writeProblem } from "../../machine/disks.ts";
import { isLink } from "../../machine/file-system.ts";
import { folderOf, isForeign, realPath, rightOwner } from "../../machine/path-kind.ts";
import { userHome } from "../../machine/paths.ts";
import { logsWithEndlessLine } from "../../sessions/log-file.ts";
import { leftBehind } from "../../store/files/aside.ts";
import { ownCodeCaches, removeCodeCaches } from "../../store/files/code-cache.ts";
import { closeToOthers, modeOf, ownModeOf } from "../../store/files/mode.ts";
import { sweepTrialHomes } from "../../store/homes/trial-home.ts";
import { roomBytes } from "../../store/require-writable.ts";
import { shellWord } from "../../text/shell-words.ts";
import { counted } from "../../text/times.ts";
import type { DoctorCheck, FoundFault, Looked } from "../check.ts";
import type { Facts } from "../facts.ts";
import { moveAside } from "../place-finding.ts";

/** Codex finds out only when it has already spent the old token. */
export const folderReadOnly: DoctorCheck = {
  id: "folder_read_only",
  area: "store",
  severity: "error",
  title: "a renewed token could not be saved: a folder is read-only",
  look: (facts) => {
    if (facts.problem?.code === "codex_home_missing") return { skipped: "there is no CODEX_HOME" };
    const unreal = [...foldersOf(facts)].flatMap((folder) => faultWithoutFiles(facts, folder));
    if (unreal.length > 0) return unreal;
    const folders = [...foldersOf(facts)].flatMap((folder) => {
      const problem = writeProblem(facts.ctx.fs, folder);
      return problem === null ? [] : [{ folder, problem }];
    });
    const disk = folders.find(({ problem }) => problem === "EROFS");
    return disk ? [faultOfDisk(disk.folder)] : folders.flatMap(({ folder }) => foundFault(facts, folder));
  },
};

/** What has to be writable at all times. */
export function foldersOf({ ctx: { fs }, paths, live }: Facts): Set<string> {
  const folders = [folderOf(live?.target ?? paths.authFile), paths.storeDir, paths.codexHome];
  return new Set(folders.map((folder) => existingFolder(fs, folder)));
}

/** Where the system shows itself, nobody can keep a file. */
const withoutFiles: ReadonlySet<string> = new Set(["proc", "sysfs", "cgroup", "cgroup2", "devpts"]);

function faultWithoutFiles({ ctx: { fs, env }, paths }: Facts, folder: string): FoundFault[] {
  const kind = mountOf(fs, folder)?.kind ?? "";
  if (!withoutFiles.has(kind)) return [];
  const isStore = paths.givenStoreDir !== null && existingFolder(fs, paths.storeDir) === folder;
  const message = `${isStore ? paths.storeDir : folder} can hold no file: it is on ${kind}, where the system shows itself.`;
  const name = isStore ? "CODEX_AUTH_DIR" : env["CODEX_HOME"] ? "CODEX_HOME" : null;
  return [{ message, command: name && `unset ${name}` }];
}

function faultOfDisk(folder: string): FoundFault {
  const message = `${folder} is on a disk that is mounted read-only: a renewed token would be lost.`;
  return { message, command: `findmnt --target ${shellWord(folder)}` };
}

function foundFault({ ctx: { fs, env }, paths }: Facts, folder: string): FoundFault[] {
  const message = `Nothing can be written in ${folder}: a renewed token would be lost.`;
  // A link may lead anywhere, and what is not the person's nobody may be told to take.
  const own = [paths.codexHome, paths.storeDir, userHome(env)];
  if (!own.some((each) => folder === each || folder.startsWith(`${each}/`))) {
    const leads = isLink(fs, paths.authFile) ? moveAside(fs, paths.authFile) : `ls -ld ${shellWord(folder)}`;
    return [{ message, evidence: [`wanted: ${paths.authFile}`], command: leads }];
  }
  const owner = isForeign(fs, paths, folder) ? rightOwner(fs, paths) : null;
  if (!owner) return [{ message, command: `chmod u+rwx ${shellWord(folder)}` }];
  // The folder of the pool has a check of its own when it belongs to another user.
  if (folder === paths.storeDir) return [];
  return [{ message, command: `sudo chown ${owner.uid}:${owner.gid} ${shellWord(folder)}` }];
}

const lowBytes = 4 * roomBytes;

/** Without the room that a renewal wants nothing is renewed any more. */
export const diskFull: DoctorCheck = {
  id: "disk_full",
  area: "store",
  severity: "error",
  title: "the disk of the pool is full, or nearly",
  look: ({ ctx: { fs }, paths: { storeDir, codexHome }, problem }) => {
    if (problem?.code === "codex_home_missing") return { skipped: "there is no CODEX_HOME" };
    const folders = [...new Set([storeDir, codexHome].map((folder) => existingFolder(fs, folder)))];
    const free = folders.map((folder) => ({ folder, bytes: freeBytes(fs, folder) ?? Infinity }));
    const least = free.reduce((a, b) => (b.bytes < a.bytes ? b : a));
    if (least.bytes >= lowBytes) return [];
    const isFull = least.bytes < roomBytes;
    const end = isFull ? "no token is renewed until there is room" : "below 16 MB no token is renewed";
    return [
      {
        message: `Only ${Math.floor(least.bytes / 1e6)} MB are free on the disk of ${least.folder}: ${end}.`,
        command: `df -h ${shellWord(least.folder)}`,
        severity: isFull ? "error" : "warning",
      },
    ];
  },
};

export const storeOpen: DoctorCheck = {
  id: "store_open",
  area: "store",
  severity: "warning",
  title: "the folder of the pool, or a file in it, can be read by other users",
  look: (facts): Looked => {
    if (facts.ctx.platform === "win32") return { skipped: "Windows has no modes" };
    const { ctx, paths } = facts;
    const message = `${paths.storeDir} is open to other users: the tokens of all accounts are not secret.`;
    const open = openPaths(facts);
    if (open.length > 0) {
      const evidence = open.map(({ path, mode }) => modeLine(path, mode));
      const fix = {
        does: `Let nobody but you read ${open.map(({ path }) => path).join(", ")}.`,
        apply: async () => {
          for (const { path } of openPaths(facts)) closeToOthers(ctx.fs, paths, path);
        },
      };
      return [{ message, evidence, command: `chmod -R go= ${shellWord(paths.storeDir)}`, fix }];
    }
    // Another user's, one for everybody as /tmp is, or behind a link: closing it would take it from the others.
    const storeDir = realPath(ctx.fs, paths.storeDir);
    const elsewhere = placesOf(facts).filter((path) => path === storeDir || leadsAway(facts, path));
    const foreign = elsewhere.flatMap((path) => openMode(path, modeOf(ctx.fs, path)));
    const [first] = foreign;
    if (!first) return [];
    const isWhole = first.path === storeDir;
    const evidence = [...foreign.map(({ path, mode }) => modeLine(path, mode)), "it is not yours alone"];
    const command = isWhole
      ? 'export CODEX_AUTH_DIR="$HOME/<a folder of its own>"'
      : `ls -ld ${foreign.map(({ path }) => shellWord(path)).join(" ")}`;
    return [{ message, evidence, command }];
  },
};

function modeLine(path: string, mode: number): string {
  return `${path}: mode ${mode.toString(8).padStart(4, "0")}`;
}

/** Of ours; a link among them leads to what is none of it. */
function openPaths(facts: Facts): { path: string; mode: number }[] {
  const { ctx, paths } = facts;
  return placesOf(facts).flatMap((path) => openMode(path, ownModeOf(ctx.fs, paths, path)));
}

function placesOf({ ctx, paths }: Facts): string[] {
  const { poolFile, backupsDir, locksDir, displacedDir, unsavedDir, homesDir } = paths;
  return [
    realPath(ctx.fs, paths.storeDir),
    poolFile,
    backupsDir,
    locksDir,
    displacedDir,
    unsavedDir,
    homesDir,
  ];
}

/** The locks hold no token. */
function leadsAway({ ctx, paths }: Facts, path: string): boolean {
  return path !== paths.locksDir && isLink(ctx.fs, path);
}

function openMode(path: string, mode: number | null): { path: string; mode: number }[] {
  return mode !== null && (mode & 0o077) !== 0 ? [{ path, mode }] : [];
}

/** Harmless; the next command that writes would sweep them too. */
export const filesLeftBehind: DoctorCheck = {
  id: "files_left_behind",
  area: "store",
  severity: "info",
  title: "a killed command has left files",
  look: (facts) => {
    const paths = found(facts);
    if (paths.length === 0) return [];
    const message = "A command was killed and left files that are not needed any more.";
    const { ctx, nowMs } = facts;
    const fix = {
      does: `Remove what a killed command has left: ${counted(paths.length, "file or folder", "files or folders")}.`,
      // What a killed `exec` has left is taken into the pool first.
      apply: async () => {
        await ctx.store.transaction("fix", () => undefined);
        sweepTrialHomes(ctx.fs, facts.paths, nowMs);
      },
    };
    return [{ message, evidence: paths, command: "codex auth fix", fix }];
  },
};

function found({ ctx, paths, live, nowMs }: Facts): string[] {
  return leftBehind(ctx.fs, paths, live?.target ?? paths.authFile, nowMs);
}

/** Earlier versions ran what lay there; this one never reads it. */
export const codeCacheOld: DoctorCheck = {
  id: "code_cache_old",
  area: "store",
  severity: "info",
  title: "an earlier version has left compiled code in its folder",
  look: (facts) => {
    const evidence = oldCaches(facts);
    if (evidence.length === 0) return [];
    const message =
      "An earlier version of codex-auth kept its compiled code beside the pool. It is not used any more.";
    const { oldCodeCacheDir } = facts.paths;
    const fix = {
      does: `Remove the compiled code in ${oldCodeCacheDir}.`,
      apply: () => Promise.resolve(removeCodeCaches(facts.ctx.fs, oldCodeCacheDir)),
    };
    return [{ message, evidence, command: "codex auth fix", fix }];
  },
};

function oldCaches({ ctx, paths }: Facts): string[] {
  return ownCodeCaches(ctx.fs, paths.oldCodeCacheDir);
}

/** Codex reads the whole line into memory when it lists or resumes the session. */
export const sessionLogEndless: DoctorCheck = {
  id: "session_log_endless",
  area: "store",
  severity: "warning",
  title: "a session log has a line of more than 64 MB",
  look: ({ ctx: { fs }, paths: { codexHome } }) =>
    logsWithEndlessLine([codexHome]).map((path) => ({
      message: `${path} has a line of more than 64 MB, as a damaged disk or another program leaves it: what stands in that line is not counted, and Codex may run out of memory over it.`,
      command: moveAside(fs, path),
    })),
};

export const storeFolderForeign: DoctorCheck = {
  id: "store_folder_foreign",
  area: "store",
  severity: "error",
  title: "CODEX_AUTH_DIR names a folder that is not ours",
  look: ({ problem, paths: { storeDir } }) =>
    problem?.code === "store_folder_foreign"
      ? [
          {
            message: problem.message,
            command: `export CODEX_AUTH_DIR=${shellWord(`${storeDir}/codex-auth`)}`,
          },
        ]
      : [],
};
