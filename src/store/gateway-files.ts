import { join } from "node:path";
import { openToAppend } from "../machine/guarded-file.ts";
import { writeFileAtomic } from "./atomic-write.ts";
import { fileError } from "./file-error.ts";
import { readTextIfPresent } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import type { Paths } from "./paths.ts";
import { prepareFolders } from "./store-folders.ts";

/** What a gateway keeps on this machine, beside the pool. */
export interface GatewayFiles {
  /** The database where no other is named. */
  readonly database: string;
  /** Makes an empty file for its owner only, unless there is a regular file already. */
  readonly makeDatabase: (path: string) => void;
  /** Settlements that the database could not take. Every method is on the disk when it returns. */
  readonly journal: {
    readonly append: (line: string) => void;
    readonly read: () => string;
    readonly replace: (text: string) => void;
  };
}

export function gatewayFiles(fs: FileSystem, paths: Paths): GatewayFiles {
  const journal = join(paths.storeDir, "gateway-journal.jsonl");
  return {
    database: join(paths.storeDir, "gateway.db"),
    makeDatabase: (path) => {
      prepareFolders(fs, paths);
      makeFile(fs, path);
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
