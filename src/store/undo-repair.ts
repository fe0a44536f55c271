import { join } from "node:path";
import { readAuthJson } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { adopt } from "./adopt.ts";
import type { FileSystem } from "./file-system.ts";
import { readTextIfPresent } from "./files.ts";
import { poolIn } from "./older-pools.ts";
import type { CopiedFile, RepairBackup } from "./repair-backup.ts";
import { restoreBackup } from "./restore.ts";
import type { Restored } from "./restore.ts";
import type { Store } from "./store.ts";

/** What became of one copied file. */
interface UndoneFile {
  file: CopiedFile;
  outcome: "restored" | "taken into the pool" | "kept in the backup";
}

interface Undone {
  files: UndoneFile[];
  restored: Restored;
}

const nothing: Restored = { added: 0, changed: 0, kept: 0 };

/**
 * Takes repairs back. config.toml gets its old text. Logins never go back as files, where an old token could stand
 * over a newer one: they are taken into the pool, which keeps the newer. What is damaged stays in the backup.
 * What stands there now is copied first, so that this too can be taken back.
 */
export async function undoRepair(
  store: Store,
  fs: FileSystem,
  backup: RepairBackup,
  nowMs: number,
): Promise<Undone> {
  const texts = new Map(backup.files.map((file) => [file, readTextIfPresent(fs, join(backup.path, file))]));
  // The new copy must not push this backup out while it is in use.
  await store.backUpFiles(backup.name);
  const undone: Undone = { files: [], restored: nothing };
  const pool = await restorePool(store, backup, nowMs);
  if (pool) undone.restored = pool;
  for (const [file, text] of texts) {
    if (text === null) continue;
    const copy = { file, text, isPoolBack: pool !== null, nowMs };
    undone.files.push({ file, outcome: await undoFile(store, copy) });
  }
  return undone;
}

/** Null when the copy is as damaged as the pool was. */
async function restorePool(store: Store, backup: RepairBackup, nowMs: number): Promise<Restored | null> {
  const copy = poolIn(backup);
  if (!copy) return null;
  try {
    store.readBackup(copy);
  } catch (error) {
    if (error instanceof CodexAuthError) return null;
    throw error;
  }
  return await restoreBackup(store, copy, nowMs);
}

interface Copy {
  file: CopiedFile;
  text: string;
  isPoolBack: boolean;
  nowMs: number;
}

async function undoFile(
  store: Store,
  { file, text, isPoolBack, nowMs }: Copy,
): Promise<UndoneFile["outcome"]> {
  if (file === "pool.json") return isPoolBack ? "restored" : "kept in the backup";
  if (file === "config.toml") {
    // What is no UTF-8 would be written back as other bytes.
    if (text.includes("\uFFFD")) return "kept in the backup";
    await store.editConfig(() => text);
    return "restored";
  }
  const reading = readAuthJson(text);
  if (reading.kind !== "login") return "kept in the backup";
  await store.transaction("backup restore", (draft) => {
    const { displaced } = adopt(draft.pool, reading.login, { nowMs, tie: "pool" });
    if (displaced) draft.park(displaced);
  });
  return "taken into the pool";
}
