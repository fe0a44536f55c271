import { join } from "node:path";
import { writeFileAtomic } from "./atomic-write.ts";
import { errorCode, fileError } from "./file-error.ts";
import { linkTarget, makeFolder, namesIn, readBytes, timeInName } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import type { Paths } from "./paths.ts";

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

/** Keeps the bytes of every file that a repair may change. Nothing may be repaired when this throws. */
export function backUpFiles(fs: FileSystem, paths: Paths, nowMs: number): RepairBackup {
  const name = `repair-${timeInName(nowMs)}`;
  const folder = join(paths.backupsDir, name);
  makeFolder(fs, folder);
  for (const file of copied) {
    const bytes = readIfPresent(fs, linkTarget(fs, sourceOf(paths, file)));
    if (bytes) writeFileAtomic(fs, join(folder, file), bytes);
  }
  prune(fs, paths.backupsDir);
  const takenAt = new Date(nowMs).toISOString();
  return { kind: "repair", name, path: folder, takenAt, files: filesIn(fs, folder) };
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
  try {
    return fs.statSync(path).isFile() ? readBytes(fs, path) : null;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "permission_denied"].includes(errorCode(error))) return null;
    throw fileError(error, `read ${path}`);
  }
}

function prune(fs: FileSystem, backupsDir: string): void {
  for (const { path } of listRepairBackups(fs, backupsDir).slice(kept)) {
    fs.rmSync(path, { recursive: true, force: true });
  }
}
