import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fastFolder } from "./fast-folder.ts";

/** Calls of a file system in which some paths are files with made-up texts; undefined: the real file. */
export function withMadeUpFiles(textOf: (path: string) => string | undefined) {
  const here = fileURLToPath(import.meta.url);
  return {
    statSync: (path: string, ...rest: unknown[]): unknown =>
      fs.statSync(textOf(path) === undefined ? path : here, ...(rest as [])),
    openSync: (path: string, ...rest: unknown[]): number => {
      const text = textOf(path);
      return text === undefined ? fs.openSync(path, ...(rest as [number])) : openText(text);
    },
  };
}

/** An open file that holds a text and has no name. */
function openText(text: string): number {
  const path = join(fastFolder, `codex-auth-made-up-${randomUUID()}`);
  const fd = fs.openSync(path, "wx+", 0o600);
  fs.unlinkSync(path);
  // At a place of its own, so that whoever reads on begins at the beginning.
  fs.writeSync(fd, text, 0);
  return fd;
}
