import { shellWord } from "../../text/shell-words.ts";
import { mkdtempSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { errorCode } from "../../machine/file-error.ts";
import { type FileSystem, makeFolder } from "../../machine/file-system.ts";
import { openToAppend } from "../../machine/guarded-file.ts";
import {
  commitFile,
  confirmChange,
  discard,
  type PendingFile,
  placeFile,
  stageFile,
  sweepTemporaries,
} from "../atomic-write.ts";

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
    throw refused(`There is no folder ${dirname(path)}.`, `Create it: mkdir -p ${shellWord(dirname(path))}`);
  if (fs.lstatSync(path, { throwIfNoEntry: false })) throw existsError(path);
  if (!isForced && (folder.mode & 0o022) !== 0) {
    throw refused(`Others can write to ${dirname(path)}.`, "Use a folder of your own, or insist with --yes.");
  }
  // A killed export of this file has left its credentials under another name.
  sweepTemporaries(fs, dirname(path), [`${basename(path)}.`]);
  placeNew(fs, stageFile(fs, path, text));
  return path;
}

interface Report {
  /** As typed. */
  out: string;
  cwd: string;
  mayReplace: boolean;
}

/** Throws where a report could not be written; returns its path. For work that comes before the report. */
export function requireReportPlace(fs: FileSystem, { out, cwd, mayReplace }: Report): string {
  const path = resolve(cwd, out);
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stat && !stat.isFile()) throw refused(`${path} is no file.`, "Name a new file.");
  if (stat && !mayReplace)
    throw refused(`${path} exists already.`, "Name a new file, or replace it with --yes.");
  const folder = fs.statSync(dirname(path), { throwIfNoEntry: false });
  if (folder?.isDirectory()) return path;
  throw refused(`There is no folder ${dirname(path)}.`, `Create it: mkdir -p ${shellWord(dirname(path))}`);
}

/** Writes a report that holds no credentials, mode 0600, and returns its path. Replaces a file only when told to. */
export function writeReport(fs: FileSystem, report: Report, text: string): string {
  const path = requireReportPlace(fs, report);
  const staged = stageFile(fs, path, text);
  if (report.mayReplace) commitFile(fs, staged);
  else placeNew(fs, staged);
  return path;
}

/** A place for a new file in a temporary folder that only this user can open. */
export function temporaryFile(name: string): string {
  return join(mkdtempSync(join(process.getBuiltinModule("node:os").tmpdir(), "codex-auth-")), name);
}

/** A link, unlike a rename, never replaces a file that came while we looked. */
function placeNew(fs: FileSystem, staged: PendingFile): void {
  try {
    fs.linkSync(staged.temporary, staged.target);
  } catch (error) {
    if (errorCode(error) === "EEXIST") throw existsError(staged.target);
    // Not every file system has hard links.
    placeFile(fs, staged);
  } finally {
    discard(fs, staged);
  }
  confirmChange(fs, staged.target);
}

function existsError(path: string): CodexAuthError {
  return refused(`${path} exists already.`, "Name a new file.");
}

function refused(message: string, hint: string): CodexAuthError {
  return new CodexAuthError("export_refused", message, { hint });
}

/** Appends to the summary of a job of GitHub Actions: the runner names the file. What cannot be written fails no job. */
export function addJobSummary(fs: FileSystem, file: string, text: string): void {
  try {
    const fd = openToAppend(fs, file);
    try {
      fs.writeSync(fd, text);
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    // The answer and its exit code stand without it.
  }
}
