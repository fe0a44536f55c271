import { join } from "node:path";
import type { FileSystem } from "./file-system.ts";
import { namesIn, readTextIfReadable } from "./files.ts";

/** A file by what can be told of it without opening it. */
export interface ListedFile {
  /** Relative to CODEX_HOME. */
  path: string;
  kind: "file" | "folder" | "link" | "other";
  bytes: number;
  /** Octal. */
  mode: string;
  /** ISO time. */
  changedAt: string;
}

/** Folders of which the content is named too. */
const opened = ["codex-auth", "codex-auth/locks", "codex-auth/parked", "log"];
const longest = 500;

/** The names in CODEX_HOME and in those of its folders that matter for logins. */
export function listHome(fs: FileSystem, home: string): ListedFile[] {
  const folders = ["", ...opened];
  const paths = folders.flatMap((folder) =>
    namesIn(fs, join(home, folder)).map((name) => join(folder, name)),
  );
  return paths.slice(0, longest).flatMap((path) => {
    const stat = fs.lstatSync(join(home, path), { throwIfNoEntry: false });
    if (!stat) return [];
    const kind = stat.isFile()
      ? "file"
      : stat.isDirectory()
        ? "folder"
        : stat.isSymbolicLink()
          ? "link"
          : "other";
    const mode = (stat.mode & 0o7777).toString(8).padStart(4, "0");
    return [{ path, kind, bytes: stat.size, mode, changedAt: stat.mtime.toISOString() }];
  });
}

const logLimit = 2_000_000;

/** The last lines of Codex's log of logins; none where there is no such file, or it is too large to be read. */
export function loginLogTail(fs: FileSystem, home: string, lines: number): string[] {
  const text = readTextIfReadable(fs, join(home, "log/codex-login.log"), { limitBytes: logLimit });
  return text === null ? [] : text.trimEnd().split("\n").slice(-lines);
}
