import { dirname, join, resolve } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { commitFile, stageFile } from "./atomic-write.ts";
import type { FileSystem } from "./file-system.ts";
import { makeFolder } from "./files.ts";

interface Export {
  /** As typed. With `file` it is a folder, which is made when it is missing. */
  out: string;
  file: string | null;
  cwd: string;
  text: string;
  /** Also into a folder that others can read. */
  isForced: boolean;
}

/** Writes credentials to a new file, mode 0600, and returns its path. Never replaces a file. */
export function writeExport(fs: FileSystem, { out, file, cwd, text, isForced }: Export): string {
  const given = resolve(cwd, out);
  if (file !== null) makeFolder(fs, given);
  const path = file === null ? given : join(given, file);
  const folder = fs.statSync(dirname(path), { throwIfNoEntry: false });
  if (!folder?.isDirectory())
    throw refused(`There is no folder ${dirname(path)}.`, `Create it: mkdir -p '${dirname(path)}'`);
  if (fs.lstatSync(path, { throwIfNoEntry: false }))
    throw refused(`${path} exists already.`, "Name a new file.");
  if (!isForced && (folder.mode & 0o022) !== 0) {
    throw refused(`Others can write to ${dirname(path)}.`, "Use a folder of your own, or insist with --yes.");
  }
  commitFile(fs, stageFile(fs, path, text));
  return path;
}

function refused(message: string, hint: string): CodexAuthError {
  return new CodexAuthError("export_refused", message, { hint });
}
