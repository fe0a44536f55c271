import { dirname, join } from "node:path";
import { fileError } from "../../machine/file-error.ts";
import {
  type FileSystem,
  linkTarget,
  makeFolder,
  namesIn,
  readBytes,
  removeIfPresent,
  syncFolder,
  timeInName,
} from "../../machine/file-system.ts";
import { shapeOf } from "../../machine/path-kind.ts";
import type { Paths } from "../../machine/paths.ts";
import { writeFileAtomic } from "../atomic-write.ts";

/** Copies of the files that a repair may change, as they were before it. */
export interface RepairBackup {
  kind: "repair";
  /** What `backup restore` takes. */
  name: string;
  /** The folder of the copies. */
  path: string;
  /** ISO time, as in the name. */
  takenAt: string;
  /** Those that there were. */
  files: readonly CopiedFile[];
}

export type CopiedFile = "pool.json" | "auth.json" | "config.toml";

const copied: readonly CopiedFile[] = ["pool.json", "auth.json", "config.toml"];
const folderName = /^repair-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/;
const kept = 10;

/** A folder that is being filled or removed is no backup, and has this ending. */
const partial = ".partial";

/**
 * Keeps the bytes of every file that a repair may change. Nothing may be repaired when this throws. For the holder of
 * the lock of the store. `needed` is a backup that stays, however old it is.
 */
export function backUpFiles(fs: FileSystem, paths: Paths, nowMs: number, needed?: string): RepairBackup {
  const { backupsDir } = paths;
  removePartial(fs, backupsDir);
  const { name, takenAt } = freeName(fs, backupsDir, nowMs);
  const folder = join(backupsDir, name);
  makeFolder(fs, `${folder}${partial}`);
  for (const file of copied) {
    const bytes = readIfPresent(fs, sourceOf(paths, file));
    if (bytes) writeFileAtomic(fs, join(`${folder}${partial}`, file), bytes);
  }
  finish(fs, folder);
  prune(fs, backupsDir, needed);
  return { kind: "repair", name, path: folder, takenAt, files: filesIn(fs, folder) };
}

/** All or nothing: a backup that is listed is complete. */
function finish(fs: FileSystem, folder: string): void {
  try {
    fs.renameSync(`${folder}${partial}`, folder);
    syncFolder(fs, dirname(folder));
  } catch (error) {
    throw fileError(error, `write ${folder}`);
  }
}

/** Two repairs within a millisecond must not share a folder. */
function freeName(fs: FileSystem, backupsDir: string, nowMs: number): { name: string; takenAt: string } {
  const taken = new Set(namesIn(fs, backupsDir));
  for (let ms = nowMs; ; ms += 1) {
    const name = `repair-${timeInName(ms)}`;
    if (!taken.has(name)) return { name, takenAt: new Date(ms).toISOString() };
  }
}

/** Newest first. */
export function listRepairBackups(fs: FileSystem, backupsDir: string): RepairBackup[] {
  const found = namesIn(fs, backupsDir).flatMap((name) => {
    const match = folderName.exec(name);
    if (!match) return [];
    const [, year, month, day, hour, minute, second, ms] = match;
    const takenAt = `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`;
    const path = join(backupsDir, name);
    return [{ kind: "repair" as const, name, path, takenAt, files: filesIn(fs, path) }];
  });
  return found.sort((a, b) => (a.name < b.name ? 1 : -1));
}

function sourceOf(paths: Paths, file: CopiedFile): string {
  if (file === "pool.json") return paths.poolFile;
  return file === "auth.json" ? paths.authFile : paths.configFile;
}

function filesIn(fs: FileSystem, folder: string): CopiedFile[] {
  const names = namesIn(fs, folder);
  return copied.filter((file) => names.includes(file));
}

/** What cannot be read cannot be kept either; it is not changed by a repair. */
function readIfPresent(fs: FileSystem, path: string): Uint8Array | null {
  const shape = shapeOf(fs, path);
  // Of "unknown" nothing is known but that the disk refused: then the error tells.
  return shape === "file" || shape === "unknown" ? readBytes(fs, linkTarget(fs, path)) : null;
}

function prune(fs: FileSystem, backupsDir: string, needed?: string): void {
  for (const { path, name } of listRepairBackups(fs, backupsDir).slice(kept))
    if (name !== needed) quietly(() => fs.renameSync(path, `${path}${partial}`));
  removePartial(fs, backupsDir);
}

/** Also what a killed command has left half done. */
function removePartial(fs: FileSystem, backupsDir: string): void {
  const names = namesIn(fs, backupsDir).filter((name) => name.endsWith(partial));
  for (const name of names)
    quietly(() => fs.rmSync(join(backupsDir, name), { recursive: true, force: true }));
}

/** What cannot be removed now is left to the next repair. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // It is not listed, and does no harm.
  }
}

/** A pool as it was before a change. */
export interface Backup {
  kind: "pool";
  /** File name without its ending; what `backup restore` takes. */
  name: string;
  path: string;
  /** ISO time, as in the name. */
  takenAt: string;
  revision: number;
}

const backupName = /^pool-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-r(\d+)\.json$/;
const newestKept = 10;
const daysKept = 7;

/** Newest first. */
export function listBackups(fs: FileSystem, folder: string): Backup[] {
  const found = namesIn(fs, folder).flatMap((file) => {
    const match = backupName.exec(file);
    if (!match) return [];
    const [, year, month, day, hour, minute, second, ms, revision] = match;
    const takenAt = `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`;
    const name = file.slice(0, -5);
    return [{ kind: "pool" as const, name, path: join(folder, file), takenAt, revision: Number(revision) }];
  });
  return found.sort((a, b) => (a.name < b.name ? 1 : -1));
}

/** Whether today (UTC) has none yet. */
export function isDailyBackupDue(fs: FileSystem, folder: string, nowMs: number): boolean {
  const today = new Date(nowMs).toISOString().slice(0, 10);
  return !listBackups(fs, folder).some(({ takenAt }) => takenAt.startsWith(today));
}

/** Keeps the text of the pool file under a dated name, and removes backups that are past keeping. */
export function takeBackup(
  fs: FileSystem,
  folder: string,
  { text, revision, nowMs }: { text: string; revision: number; nowMs: number },
): void {
  // A copy and no hard link: an editor that writes pool.json in place would change both.
  writeFileAtomic(fs, join(folder, `pool-${timeInName(nowMs)}-r${revision}.json`), text);
  pruneOldest(fs, folder);
}

/** Keeps the newest ten and the newest of each of the last seven days that have one. */
function pruneOldest(fs: FileSystem, folder: string): void {
  const all = listBackups(fs, folder);
  const newestOfDay = new Map<string, string>();
  for (const { name, takenAt } of all) {
    const day = takenAt.slice(0, 10);
    if (!newestOfDay.has(day) && newestOfDay.size < daysKept) newestOfDay.set(day, name);
  }
  const kept = new Set([...all.slice(0, newestKept).map(({ name }) => name), ...newestOfDay.values()]);
  for (const { name, path } of all) if (!kept.has(name)) removeIfPresent(fs, path);
}
