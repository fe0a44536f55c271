import { basename, dirname } from "node:path";
import { commitFile, discard, stageFile, sweepTemporaries } from "./atomic-write.ts";
import { errorCode, fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { configLimit, linkTarget, readTextIfPresent, syncFolder, timeInName } from "./files.ts";

/**
 * Replaces the text of config.toml, keeping its mode and the link that leads to it. False when another program
 * wrote it in between; then nothing was changed.
 */
export function editConfigFile(fs: FileSystem, path: string, edit: (text: string) => string): boolean {
  const target = linkTarget(fs, path);
  sweepTemporaries(fs, dirname(target), [`${basename(target)}.`]);
  const before = readTextIfPresent(fs, target, configLimit);
  const after = edit(before ?? "");
  if (after === before) return true;
  const staged = stageFile(fs, target, after, modeOf(fs, target));
  try {
    if (readTextIfPresent(fs, target, configLimit) !== before) return false;
    commitFile(fs, staged);
    return true;
  } finally {
    discard(fs, staged);
  }
}

/**
 * Gives config.toml another name beside it, so that Codex starts without it. False when its text is not the expected
 * one; then nothing was changed.
 */
export function moveConfigFile(
  fs: FileSystem,
  path: string,
  { expected, nowMs }: { expected: string; nowMs: number },
): boolean {
  const target = linkTarget(fs, path);
  if (readTextIfPresent(fs, target, configLimit) !== expected) return false;
  try {
    fs.renameSync(target, `${target}.broken-${timeInName(nowMs)}`);
    syncFolder(fs, dirname(target));
    return true;
  } catch (error) {
    throw fileError(error, `move ${target}`);
  }
}

function modeOf(fs: FileSystem, path: string): number {
  try {
    return fs.statSync(path).mode & 0o777;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return 0o600;
    throw fileError(error, `read ${path}`);
  }
}
