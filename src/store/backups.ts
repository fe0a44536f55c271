import { join } from "node:path";
import { writeFileAtomic } from "./atomic-write.ts";
import { namesIn, removeIfPresent, timeInName } from "./files.ts";
import type { FileSystem } from "./file-system.ts";

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
  prune(fs, folder);
}

/** Keeps the newest ten and the newest of each of the last seven days that have one. */
function prune(fs: FileSystem, folder: string): void {
  const all = listBackups(fs, folder);
  const newestOfDay = new Map<string, string>();
  for (const { name, takenAt } of all) {
    const day = takenAt.slice(0, 10);
    if (!newestOfDay.has(day) && newestOfDay.size < daysKept) newestOfDay.set(day, name);
  }
  const kept = new Set([...all.slice(0, newestKept).map(({ name }) => name), ...newestOfDay.values()]);
  for (const { name, path } of all) if (!kept.has(name)) removeIfPresent(fs, path);
}
