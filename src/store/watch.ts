import { watch } from "node:fs";
import type { FileSystem } from "../machine/file-system.ts";
import type { Paths } from "../machine/paths.ts";
import type { StoreChange, WatchOptions } from "./library-store.ts";

/**
 * Tells when a file of the store was replaced. The system's notice comes at once; where it does not come (some network
 * drives, a folder that is made later), a look every `pollMs` finds the change. Keeps no process alive. Returns what
 * ends it.
 */
export function watchStore(fs: FileSystem, paths: Paths, { pollMs, onChange }: WatchOptions): () => void {
  const files: readonly (readonly [StoreChange, string])[] = [
    ["accounts", paths.poolFile],
    ["accounts", paths.authFile],
    ["usage", paths.usageFile],
  ];
  const seen = new Map(files.map(([, path]) => [path, stamp(fs, path)]));
  let notices = watchFolder(paths.storeDir, look);

  function look(): void {
    notices ??= watchFolder(paths.storeDir, look);
    const changes = new Set<StoreChange>();
    for (const [change, path] of files) {
      const found = stamp(fs, path);
      if (found === seen.get(path)) continue;
      seen.set(path, found);
      changes.add(change);
    }
    for (const change of changes) onChange(change);
  }

  const timer = setInterval(look, pollMs).unref();
  return () => {
    clearInterval(timer);
    notices?.close();
  };
}

/** Files are replaced, never changed in place, so a new one has another number or another time. */
function stamp(fs: FileSystem, path: string): string {
  try {
    const { ino, mtimeMs, size } = fs.statSync(path);
    return `${ino} ${mtimeMs} ${size}`;
  } catch {
    return "none";
  }
}

const names = new Set(["pool.json", "limits.json"]);

function watchFolder(folder: string, onNotice: () => void) {
  try {
    const notices = watch(folder, { persistent: false }, (_, name) => {
      if (name === null || names.has(name)) onNotice();
    });
    // The folder was removed, or the system can watch no more: the looks go on.
    notices.on("error", () => notices.close());
    return notices;
  } catch {
    return undefined;
  }
}
