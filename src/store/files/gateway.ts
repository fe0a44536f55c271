import { join } from "node:path";
import { fileError } from "../../machine/file-error.ts";
import { type FileSystem, readTextIfPresent } from "../../machine/file-system.ts";
import { openToAppend } from "../../machine/guarded-file.ts";
import type { Paths } from "../../machine/paths.ts";
import { prepareFolders, writeFileAtomic } from "../atomic-write.ts";

/** What a gateway keeps on this machine, beside the pool. */
export interface GatewayFiles {
  /** The database where no other is named. */
  readonly database: string;
  /** Where the journal is, whether there is one or not. */
  readonly journalFile: string;
  /** Makes an empty file for its owner only, unless there is a regular file already. */
  readonly makeDatabase: (path: string) => void;
  /** Tells one file from another at the same path; null where there is none. */
  readonly databaseId: (path: string) => string | null;
  /** The list of models that Codex fetched last; empty when there is none. */
  readonly cachedModels: () => string;
  /** Settlements that the database could not take. Every method is on the disk when it returns. */
  readonly journal: {
    readonly append: (line: string) => void;
    readonly read: () => string;
    readonly replace: (text: string) => void;
  };
}

/** The file where the keys are, without asking a gateway; null for a server, which is none of this machine's files. */
export function databaseFile(env: Readonly<Record<string, string | undefined>>, paths: Paths): string | null {
  const named = env["CODEX_AUTH_DATABASE"];
  if (named === undefined || named === "") return ownDatabase(paths);
  return named.includes("://") ? null : named;
}

function ownDatabase({ storeDir }: Paths): string {
  return join(storeDir, "gateway.db");
}

export function gatewayFiles(fs: FileSystem, paths: Paths): GatewayFiles {
  const journal = join(paths.storeDir, "gateway-journal.jsonl");
  return {
    database: ownDatabase(paths),
    journalFile: journal,
    makeDatabase: (path) => {
      prepareFolders(fs, paths);
      makeFile(fs, path);
    },
    databaseId: (path) => {
      const stat = fs.statSync(path, { throwIfNoEntry: false });
      return stat ? `${stat.dev}:${stat.ino}` : null;
    },
    cachedModels: () => {
      try {
        return readTextIfPresent(fs, join(paths.codexHome, "models_cache.json")) ?? "";
      } catch {
        return "";
      }
    },
    journal: {
      append: (line) => appendSynced(fs, journal, line),
      read: () => readTextIfPresent(fs, journal) ?? "",
      replace: (text) => writeFileAtomic(fs, journal, text),
    },
  };
}

function makeFile(fs: FileSystem, path: string): void {
  withFile(fs, path, (fd) => fs.fchmodSync(fd, 0o600));
}

function appendSynced(fs: FileSystem, path: string, line: string): void {
  withFile(fs, path, (fd) => {
    fs.writeSync(fd, line);
    fs.fsyncSync(fd);
  });
}

function withFile(fs: FileSystem, path: string, work: (fd: number) => void): void {
  try {
    const fd = openToAppend(fs, path, { followsLinks: false });
    try {
      work(fd);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw fileError(error, `write ${path}`);
  }
}
