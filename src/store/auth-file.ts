import { createHash } from "node:crypto";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { readAuthJson } from "../codex/auth-json.ts";
import type { Login } from "../codex/auth-json.ts";
import { errorCode, fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { linkTarget } from "./files.ts";

/** What stands in auth.json right now. */
export interface LiveFile {
  /** The file itself, behind every symbolic link. */
  target: string;
  state: "missing" | "blank" | "broken" | "login";
  login: Login | null;
  /** Why it is broken. */
  problem: string | null;
  /** Identifies these bytes in this file; null when missing. */
  version: FileVersion | null;
  isHardLinked: boolean;
}

/** `inode` and `mtimeNs` tell a file that was put back by hand from one that nobody touched. */
export interface FileVersion {
  sha256: string;
  inode: string;
  mtimeNs: string;
}

export function readLiveFile(fs: FileSystem, path: string): LiveFile {
  const target = linkTarget(fs, path);
  const absent = { target, login: null, problem: null, version: null, isHardLinked: false };
  const file = readWithStat(fs, target);
  if (!file) return { ...absent, state: "missing" };
  const { bytes, stat } = file;
  const reading = readAuthJson(bytes.toString("utf8"));
  return {
    target,
    state: reading.kind,
    login: reading.kind === "login" ? reading.login : null,
    problem: reading.kind === "broken" ? reading.problem : null,
    version: { sha256: sha256(bytes), inode: String(stat.ino), mtimeNs: String(stat.mtimeNs) },
    isHardLinked: stat.nlink > 1n,
  };
}

/** Bytes and stat of the same file, even when another takes its name in between; null when there is none. */
function readWithStat(fs: FileSystem, path: string) {
  let fd: number | null = null;
  try {
    fd = fs.openSync(path, "r");
    return { stat: fs.fstatSync(fd, { bigint: true }), bytes: fs.readFileSync(fd) };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw fileError(error, `read ${path}`);
  } finally {
    if (fd !== null) fs.closeSync(fd);
  }
}

/** A broken file gets 200 ms: old Codex versions write in place, so it may be half written. */
export async function readLiveFilePatiently(
  fs: FileSystem,
  path: string,
  sleep: (ms: number) => Promise<void>,
): Promise<LiveFile> {
  for (let tries = 0; ; tries += 1) {
    const live = readLiveFile(fs, path);
    if (live.state !== "broken" || tries === 4) return live;
    await sleep(50);
  }
}

/** Codex replaces a hard-linked file never, after it has already spent the token: so neither do we begin. */
export function refuseHardLink(live: LiveFile): void {
  if (!live.isHardLinked) return;
  const message = `${live.target} is a hard link; Codex refuses to replace it and would lose a renewed token.`;
  const hint = `Make it a file of its own: cp -p '${live.target}' '${live.target}.copy' && mv '${live.target}.copy' '${live.target}'`;
  throw new CodexAuthError("auth_file_hard_linked", message, { hint });
}

export function isSameVersion(a: FileVersion | null, b: FileVersion | null): boolean {
  return a?.sha256 === b?.sha256 && a?.inode === b?.inode && a?.mtimeNs === b?.mtimeNs;
}

/** As Codex writes it: two spaces, no final newline. */
export function authFileText(document: object): string {
  return JSON.stringify(document, null, 2);
}

export function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
