import { dirname, join } from "node:path";
import { errorCode } from "./file-error.ts";
import { copyToNew, hasSameBytes } from "./file-copy.ts";
import { shapeOf } from "./file-shape.ts";
import { namesIn, removeIfPresent, syncFolder } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import { derivedFiles, isPrivate } from "./home-layout.ts";

/**
 * Moves what a command made in its private home into the real one, folder by folder, and never over something that is
 * there. Returns the files whose place is taken by another content.
 */
export function foldBack(fs: FileSystem, home: string, realHome: string): string[] {
  const names = namesIn(fs, home).filter((name) => !isPrivate(name));
  return names.flatMap((name) => {
    const left = moveInto(fs, join(home, name), join(realHome, name));
    return derivedFiles.includes(name) ? [] : left;
  });
}

function moveInto(fs: FileSystem, from: string, to: string): string[] {
  const stat = fs.lstatSync(from, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return moveFolder(fs, from, to, stat.mode);
  if (stat?.isSymbolicLink()) return moveLink(fs, from, to);
  return stat?.isFile() && !moveFile(fs, from, to) ? [from] : [];
}

function moveFolder(fs: FileSystem, from: string, to: string, mode: number): string[] {
  try {
    // What is to be moved into it must find it writable.
    fs.mkdirSync(to, { mode: (mode & 0o777) | 0o700 });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") return [from];
  }
  return namesIn(fs, from).flatMap((name) => moveInto(fs, join(from, name), join(to, name)));
}

/** Our own links lead to where they would be moved to, so there is nothing to do for them. */
function moveLink(fs: FileSystem, from: string, to: string): string[] {
  const target = fs.readlinkSync(from);
  if (target === to) return [];
  // A config.toml that leads to a device would keep the real home from working.
  if (!["file", "folder", "dangling"].includes(shapeOf(fs, from))) return [from];
  try {
    fs.symlinkSync(target, to);
    return [];
  } catch {
    return [from];
  }
}

/** link(2) refuses a name that is taken, which rename would replace. */
function moveFile(fs: FileSystem, from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return hasSameBytes(fs, from, to);
    // Another file system, or one without hard links.
    if (!copyToNew(fs, from, to)) return hasSameBytes(fs, from, to);
  }
  // Durable under its new name before the old one goes.
  syncFolder(fs, dirname(to));
  removeIfPresent(fs, from);
  return true;
}
