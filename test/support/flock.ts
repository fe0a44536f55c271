import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, watch } from "node:fs";
import { onTestFinished } from "vitest";
import type { Home } from "./store-home.ts";

export const hasFlock = spawnSync("flock", ["--version"]).status === 0;

/** Another program that holds flock(2) on a file, as Codex does while it saves, until `release`. */
export async function holdFlock(path: string): Promise<{ release: () => Promise<void> }> {
  const child = spawn("flock", ["-x", path, "sh", "-c", "echo held; cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const end = once(child, "exit");
  const release = async () => {
    child.stdin.end();
    await end;
  };
  onTestFinished(release);
  await once(child.stdout, "data");
  return { release };
}

/** Resolves once a command holds the lock of the store. */
export async function storeIsLocked({ paths }: Home): Promise<void> {
  const watcher = watch(paths.locksDir);
  while (!existsSync(paths.storeLock)) await once(watcher, "change");
  watcher.close();
}
