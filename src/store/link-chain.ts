import { dirname } from "node:path";
import type { FileSystem } from "./file-system.ts";
import { linkTarget } from "./files.ts";
import { shapeOf } from "./file-shape.ts";

interface LinkEnd {
  /** Where the chain of links ends; null when it never does. */
  target: string | null;
  /** The folder of the target exists, so that the file can be made there. */
  isFolderThere: boolean;
}

/** Where a link leads that leads to no file; null when the path is no such link. */
export function brokenLink(fs: FileSystem, path: string): LinkEnd | null {
  const shape = shapeOf(fs, path);
  if (shape === "loop") return { target: null, isFolderThere: false };
  if (shape !== "dangling") return null;
  const target = linkTarget(fs, path);
  return { target, isFolderThere: shapeOf(fs, dirname(target)) === "folder" };
}
