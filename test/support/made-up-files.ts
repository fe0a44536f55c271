import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

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
  const folder = fs.mkdtempSync(join(tmpdir(), "codex-auth-made-up-"));
  const path = join(folder, "file");
  fs.writeFileSync(path, text);
  const fd = fs.openSync(path, "r");
  fs.rmSync(folder, { recursive: true });
  return fd;
}
