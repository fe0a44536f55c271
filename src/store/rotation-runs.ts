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
  /** How many of those that live began before this process, which began at `startedAtMs`. */
  countBefore(startedAtMs: number): number;
  /** Enters this process; returns what takes it out again. Where it cannot be written, nobody finds it. */
  enter(entry: Pick<RotationEntry, "port" | "key" | "startedAtMs">): () => void;
}

const runName = /^rotation-\d+\.json$/;

export function rotationRuns(
  { storeDir }: Pick<Paths, "storeDir">,
  { fs, self }: { fs: FileSystem; self: () => ProcessIdentity },
): RotationRuns {
  const living = () => {
    const entries = namesIn(fs, storeDir).flatMap((name) => {
      const path = join(storeDir, name);
      const found = runName.test(name) ? readRotation(fs, path, self()) : null;
      if (found?.liveness === "dead") discard(fs, path);
      return found === null || found.liveness === "dead" ? [] : [found.entry];
    });
    return entries.toSorted((a, b) => b.startedAtMs - a.startedAtMs);
  };
  return {
    read: living,
    countBefore: (startedAtMs) => {
      const { pid } = self();
      const isBefore = ({ startedAtMs: other, process }: RotationEntry) =>
        other < startedAtMs || (other === startedAtMs && process.pid < pid);
      return living().filter((each) => each.process.pid !== pid && isBefore(each)).length;
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
