import { readAuthJson } from "../codex/auth-json.ts";
import { decodedText } from "../codex/text-encoding.ts";
import type { Login } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { readOpened, withRegular } from "../machine/guarded-file.ts";
import { errorCode, fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { linkTarget } from "./files.ts";
import { isMountPoint, mountedError } from "./mounts.ts";

/** What stands in auth.json right now. */
export interface LiveFile {
  /** The file itself, behind every symbolic link. */
  target: string;
  state: "missing" | "blank" | "broken" | "login";
  login: Login | null;
  /** Why it is broken. */
  problem: string | null;
  /** What was read, and in which file; null when missing. */
  bytes: Buffer | null;
  version: FileVersion | null;
  isHardLinked: boolean;
  /** It is mounted by itself: it can be written into, but not replaced. */
  isMounted: boolean;
}

/** Tells a file that nobody touched from any other, also from one with the same bytes that was put back by hand. */
export interface FileVersion {
  inode: string;
  size: string;
  mtimeNs: string;
}

const utf16Problem =
  "it is written in UTF-16, as Windows PowerShell writes what > redirects, and Codex reads UTF-8";

export function readLiveFile(fs: FileSystem, path: string): LiveFile {
  const target = linkTarget(fs, path);
  const nothing = { login: null, problem: null, bytes: null, version: null };
  const absent = { target, ...nothing, isHardLinked: false, isMounted: false };
  const file = readWithStat(fs, target);
  if (!file) return { ...absent, state: "missing" };
  const { bytes, stat } = file;
  const reading = readAuthJson(bytes.toString("utf8"));
  const { isUtf16 } = decodedText(bytes);
  return {
    target,
    state: reading.kind,
    login: reading.kind === "login" ? reading.login : null,
    problem: reading.kind === "broken" ? (isUtf16 ? utf16Problem : reading.problem) : null,
    bytes,
    version: {
      inode: String(stat.ino),
      size: String(stat.size),
      mtimeNs: String(stat.mtimeNs),
    },
    isHardLinked: stat.nlink > 1n,
    isMounted: isMountPoint(fs, target),
  };
}

/** Bytes and stat of the same file, even when another takes its name in between; null when there is none. */
function readWithStat(fs: FileSystem, path: string) {
  try {
    return withRegular(fs, path, {}, (fd) => ({
      stat: fs.fstatSync(fd, { bigint: true }),
      bytes: readOpened(fs, fd),
    }));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw fileError(error, `read ${path}`);
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

/** Whether a new login could take the place of this file. */
export function isReplaceable({ isHardLinked, isMounted }: LiveFile): boolean {
  return !isHardLinked && !isMounted;
}

/** Codex replaces a hard-linked file never, after it has already spent the token: so neither do we begin. */
export function refuseUnreplaceable(live: LiveFile): void {
  if (live.isMounted) throw mountedError(live.target);
  if (!live.isHardLinked) return;
  const message = `${live.target} is a hard link; Codex refuses to replace it and would lose a renewed token.`;
  const hint = `Make it a file of its own: cp -p '${live.target}' '${live.target}.copy' && mv '${live.target}.copy' '${live.target}'`;
  throw new CodexAuthError("auth_file_hard_linked", message, { hint });
}

export function isSameVersion(a: FileVersion | null, b: FileVersion | null): boolean {
  if (a === null || b === null) return a === b;
  return a.inode === b.inode && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

/** Whether nobody wrote between two readings. The bytes count too: file times are coarser than a fast writer. */
export function isUntouched(before: LiveFile, later: LiveFile): boolean {
  if (!isSameVersion(before.version, later.version)) return false;
  return before.bytes === null || later.bytes === null || before.bytes.equals(later.bytes);
}

/** As Codex writes it: two spaces, no final newline. */
export function authFileText(document: object): string {
  return JSON.stringify(document, null, 2);
}
