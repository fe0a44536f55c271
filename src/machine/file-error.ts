import { dirname } from "node:path";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { shellWord } from "../text/shell-words.ts";

/** The name of a refused system call's error, such as ENOSPC; empty when it has none. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return "";
  const number = /^Unknown system error -(\d+)$/.exec(error.code)?.[1];
  return number === undefined ? error.code : nameOfErrno(Number(number));
}

/** Names that neither Node nor libuv knows, of Linux. */
const rareNames: Record<number, string> = { 117: "EUCLEAN", 121: "EREMOTEIO", 123: "ENOMEDIUM" };

/** Node has no name for some, that of a full quota among them, although its own table has it. */
function nameOfErrno(errno: number): string {
  const { errno: table } = process.getBuiltinModule("node:os").constants;
  const known = Object.entries(table).find(([, number]) => number === errno);
  return known?.[0] ?? rareNames[errno] ?? `errno ${errno}`;
}

/** Something else than a file of ours stands there. */
const oddPlaces: Record<string, string> = {
  EISDIR: "it is a folder",
  EEXIST: "something else has its name",
  NOFOLDER: "it is no folder",
  ENOTDIR: "a part of its path is no folder",
  ENOENT: "its folder does not exist",
  ELOOP: "its links lead in a circle",
  ENXIO: "it is no regular file",
  EFBIG: "it is far too large",
  EBUSY:
    "it is mounted by itself, or a program holds it. A file that is mounted alone cannot be replaced: mount its folder",
};

/** Turns a refused system call into a sentence: `action` is what was tried, e.g. "write pool.json". */
export function fileError(error: unknown, action: string): CodexAuthError {
  if (error instanceof CodexAuthError) return error;
  const code = errorCode(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    const hint = "Free some space and run the command again. Nothing was changed.";
    const which = code === "EDQUOT" ? " (EDQUOT)" : "";
    return new CodexAuthError("disk_full", `Cannot ${action}: the disk or quota is full${which}.`, {
      hint,
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    const isReadOnly = code === "EROFS";
    const why = isReadOnly ? "the file system is read-only" : "permission denied";
    const folder = folderOf(error);
    const hint = isReadOnly
      ? `Mount it so that it can be written (docker run -v without :ro; findmnt --target ${folder} shows it). Nothing was changed.`
      : `Check the owner and mode of the file and its folder: ls -la ${folder}. Nothing was changed.`;
    return new CodexAuthError("permission_denied", `Cannot ${action}: ${why}.`, { hint, cause: error });
  }
  const odd = oddPlaces[code];
  if (odd !== undefined) {
    const hint =
      code === "ENOENT"
        ? `Nothing was changed. Make the folder first: mkdir -p ${folderOf(error)}`
        : "Nothing was changed. Look what is there: ls -la, and move it away.";
    return new CodexAuthError("io_error", `Cannot ${action}: ${odd}.`, { hint, cause: error });
  }
  const why = code || (error instanceof Error ? error.message : String(error));
  const hint = "Nothing was changed. Run the command again.";
  return new CodexAuthError("io_error", `Cannot ${action}: ${why}.`, { hint, cause: error });
}

/** A refusal of the system, wherever it was met, or an error of ours; null for a fault in the program. */
export function asFileError(error: unknown): CodexAuthError | null {
  if (error instanceof CodexAuthError) return error;
  if (!(error instanceof Error) || !("syscall" in error) || !("path" in error)) return null;
  return fileError(error, `${actions[String(error.syscall)] ?? "use"} ${String(error.path)}`);
}

const actions: Record<string, string> = {
  scandir: "read",
  open: "open",
  lstat: "read",
  stat: "read",
  rename: "move",
};

/** Of what was refused, as a word that can be typed. */
function folderOf(error: unknown): string {
  if (!(error instanceof Error) || !("path" in error) || typeof error.path !== "string") return "<folder>";
  // Only folders are asked about before something is made in them.
  const isFolder = "syscall" in error && error.syscall === "access";
  return shellWord(isFolder ? error.path : dirname(error.path));
}

/** For a change that every program sees, but that a power cut may undo. */
export function unconfirmedError(error: unknown, target: string): CodexAuthError {
  const message = `${target} was changed, but the disk did not confirm it: ${errorCode(error) || String(error)}.`;
  const hint = "The change is in place; a power cut may still undo it. Check the disk.";
  return new CodexAuthError("io_error", message, { hint, cause: error });
}
