import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** A rollout log. Inode, size and time tell whether it changed; the name survives a move to the archive. */
export interface SessionFile {
  readonly path: string;
  readonly name: string;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

const folders = ["sessions", "archived_sessions"];
const rolloutName = /^rollout-.+\.jsonl$/;
/** sessions/YYYY/MM/DD/rollout-….jsonl */
const deepestFolder = 4;

/** Every rollout under the given CODEX_HOME folders, each once. Folders that cannot be read hold none. */
export function listSessionFiles(homes: readonly string[]): SessionFile[] {
  const found = new Map<string, SessionFile>();
  for (const home of homes) {
    for (const folder of folders) {
      for (const file of walk(join(home, folder), deepestFolder))
        found.set(`${file.name}\n${file.ino}`, file);
    }
  }
  return [...found.values()];
}

function* walk(folder: string, depth: number): Generator<SessionFile> {
  for (const entry of readFolder(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth > 1) yield* walk(path, depth - 1);
    if (!entry.isFile() || !rolloutName.test(entry.name)) continue;
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    yield { path, name: entry.name, ino: stat.ino, size: stat.size, mtimeMs: stat.mtimeMs };
  }
}

function readFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
