import { lockFolder, removeLockFolder } from "../../store/lock-folder.ts";
import type { Check, Sighting } from "../check.ts";
import { moveAside } from "../move-aside.ts";
import type { Scene } from "../scene.ts";
import { shellWord } from "../shell-word.ts";

/** Left by tools that lock auth.json with proper-lockfile. */
export const authLockBlocked: Check = {
  id: "auth_lock_blocked",
  area: "credentials",
  severity: "error",
  title: "a folder stands where Codex locks auth.json",
  look: (scene) => lockPaths(scene).flatMap((path) => sighting(scene, path)),
  mend: {
    describe: (_, { target }) => `Remove the empty folder ${target}.`,
    apply: ({ fx }, { target = "" }) => Promise.resolve(removeLockFolder(fx.fs, target, fx.now())),
  },
};

/** What Codex locks around a save. */
export function lockPaths({ paths, live }: Scene): string[] {
  return [paths.authLock, `${live?.target ?? paths.authFile}.lock`];
}

function sighting({ fx: { fs }, nowMs }: Scene, path: string): Sighting[] {
  const folder = lockFolder(fs, path, nowMs);
  if (!folder) return [];
  const { isEmpty, isFresh, names } = folder;
  const message = `${path} is a folder, so Codex renews its token, but cannot save it.`;
  const evidence = isEmpty
    ? [isFresh ? "it was touched within a minute: another tool may hold it as its lock" : "it is empty"]
    : names.map((name) => `in it: ${name}`);
  const fix = isEmpty ? `rmdir ${shellWord(path)}` : moveAside(fs, path);
  return [{ message, evidence, fix, canMend: isEmpty && !isFresh, target: path }];
}
