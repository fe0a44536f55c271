import { shapeOf } from "../store/file-shape.ts";
import type { FileSystem } from "../store/file-system.ts";
import { shellWord } from "./shell-word.ts";

/** The command that moves a file or folder away, over nothing that an earlier one has put there. */
export function moveAside(fs: FileSystem, path: string, ending = "aside"): string {
  return `mv ${shellWord(path)} ${shellWord(`${path}.${freeEnding(fs, path, ending)}`)}`;
}

/** "aside", or "aside2" and so on: one with which nothing stands beside the path. */
export function freeEnding(fs: FileSystem, path: string, ending: string): string {
  const endings = [ending, ...Array.from({ length: 98 }, (_, index) => `${ending}${index + 2}`)];
  return endings.find((each) => shapeOf(fs, `${path}.${each}`) === "missing") ?? `${ending}100`;
}
