import type { FileSystem } from "../../machine/file-system.ts";
import { shapeOf } from "../../machine/path-kind.ts";
import { shellWord } from "../../text/shell-words.ts";

/** The command that moves a file or folder away, over nothing that an earlier one has put there. */
export function moveAside(fs: FileSystem, path: string, ending = "aside"): string {
  return `mv ${shellWord(path)} ${shellWord(`${path}.${freeEnding(fs, path, ending)}`)}`;
}

/** "aside", or "aside2" and so on: one with which nothing stands beside the path. */
export function freeEnding(fs: FileSystem, path: string, ending: string): string {
  const endings = [ending, ...Array.from({ length: 98 }, (_, index) => `${ending}${index + 2}`)];
  return endings.find((each) => shapeOf(fs, `${path}.${each}`) === "missing") ?? `${ending}100`;
}

/** The same for a database, with its -wal and -shm, into a folder whose name begins so. */
export function moveDatabaseAside(path: string, start: string): string {
  return `d=${shellWord(`${start}set-aside-`)}$(date +%s); mkdir "$d" && mv ${shellWord(path)}* "$d"`;
}
