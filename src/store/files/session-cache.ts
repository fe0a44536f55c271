import { join } from "node:path";
import { type FileSystem, makeFolder, readTextIfReadable } from "../../machine/file-system.ts";
import type { Paths } from "../../machine/paths.ts";
import { writeFileAtomic } from "../atomic-write.ts";

/** A thousand long sessions make a tenth of it. */
const limitBytes = 256_000_000;

/** A text that can be made again from Codex's session logs. */
export interface CachedText {
  path: string;
  /** Null when there is none. */
  read: () => string | null;
  write: (text: string) => void;
}

/**
 * A cache in the store folder. A command that only looks may write it, because nothing depends on it; but it makes no
 * store where there is none, and a disk that refuses is no reason to fail.
 */
export function sessionCache(fs: FileSystem, { storeDir, sessionIndexDir }: Paths, name: string): CachedText {
  const path = join(sessionIndexDir, name);
  return {
    path,
    read: () => readTextIfReadable(fs, path, { limitBytes }),
    write: (text) => {
      try {
        if (!fs.statSync(storeDir, { throwIfNoEntry: false })?.isDirectory()) return;
        makeFolder(fs, sessionIndexDir);
        writeFileAtomic(fs, path, text);
      } catch {
        // The next command reads the logs again.
      }
    },
  };
}
