import { join } from "node:path";
import { writeFileAtomic } from "./atomic-write.ts";
import { namesIn, removeIfPresent } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import type { Paths } from "./paths.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { readRotation } from "./rotation-file.ts";
import type { RotationEntry } from "./rotation-file.ts";

/** The proxies that live as long as one command, each in a file of its own. */
export interface RotationRuns {
  /** Those that live, newest first; the files of dead ones are removed. */
  read(): RotationEntry[];
  /** Enters this process; returns what takes it out again. Where it cannot be written, nobody finds it. */
  enter(entry: Pick<RotationEntry, "port" | "key" | "startedAtMs">): () => void;
}

const runName = /^rotation-\d+\.json$/;

export function rotationRuns(
  { storeDir }: Pick<Paths, "storeDir">,
  { fs, self }: { fs: FileSystem; self: () => ProcessIdentity },
): RotationRuns {
  return {
    read: () => {
      const entries = namesIn(fs, storeDir).flatMap((name) => {
        const path = join(storeDir, name);
        const found = runName.test(name) ? readRotation(fs, path, self()) : null;
        if (found?.liveness === "dead") discard(fs, path);
        return found === null || found.liveness === "dead" ? [] : [found.entry];
      });
      return entries.toSorted((a, b) => b.startedAtMs - a.startedAtMs);
    },
    enter: (fields) => {
      const own = self();
      const path = join(storeDir, `rotation-${own.pid}.json`);
      try {
        writeFileAtomic(fs, path, `${JSON.stringify({ ...fields, logFile: null, process: own })}\n`);
      } catch {
        return () => undefined;
      }
      return () => discard(fs, path);
    },
  };
}

/** What stays is dead, and counts as none. */
function discard(fs: FileSystem, path: string): void {
  try {
    removeIfPresent(fs, path);
  } catch {
    // The next one tries again.
  }
}
