import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import type { Home } from "./store-home.ts";

/** Every path below `root`, relative to it, folders first met first. */
export function pathsBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((each) => relative(root, join(each.parentPath, each.name)))
    .sort();
}

/** Bytes, mode, mtime and links of every file below `root`, one line a path. */
export function snapshotTree(root: string): Record<string, string> {
  return Object.fromEntries(pathsBelow(root).map((path) => [path, describe(join(root, path))]));
}

function describe(path: string): string {
  const stat = lstatSync(path, { bigint: true });
  const mode = (stat.mode & 0o7777n).toString(8);
  if (stat.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  if (stat.isDirectory()) return `folder ${mode}`;
  const hash = createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 16);
  return `file ${mode} ${stat.mtimeNs} ${stat.nlink} ${hash}`;
}

/** Codex's lock files stay for ever, by its own rule and so by ours. */
const codexLocks = /(^|\/)(auth\.lock|auth\.json\.lock)$/;

/** The paths that were changed or removed, and those that are new, leaving out locks and their folder. */
export function changesSince(root: string, before: Record<string, string>): string[] {
  const after = snapshotTree(root);
  const all = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return all
    .filter((path) => before[path] !== after[path])
    .filter((path) => !(before[path] === undefined && (codexLocks.test(path) || isStoreFolder(path))));
}

function isStoreFolder(path: string): boolean {
  return /(^|\/)codex-auth(\/(locks|backups|parked))?$/.test(path);
}

/** What a command must never leave behind: temporary files and anything in the folder of locks. */
export function leftovers({ root }: Home): string[] {
  return pathsBelow(root).filter((path) => /codex-auth-tmp|\/locks\/./.test(path));
}
