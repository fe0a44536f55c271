import type { FileVersion } from "../machine/identity.ts";
import { shellWord } from "../text/shell-words.ts";
import { type FileSystem, linkTarget } from "../machine/file-system.ts";
import { type Login, readAuthJson } from "../codex/auth-json.ts";
import { decodedText } from "../codex/tidy-tokens.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { isMountPoint, mountedError, refuseMounted } from "../machine/disks.ts";
import { errorCode, fileError } from "../machine/file-error.ts";
import { readOpened, withRegular } from "../machine/guarded-file.ts";
import type { Paths } from "../machine/paths.ts";
import { commitFile, confirmChange, discard, placeFile, stageFile } from "./atomic-write.ts";
import type { StoreContext } from "./context.ts";
import { tryLockLikeCodex, untilUnlocked } from "./locks/codex-locks.ts";

/** A login that is ready to be put in place. */
export interface PendingLogin {
  place: () => void;
  discard: () => void;
}

/** Where Codex keeps the login of a home. */
export interface LivePlace {
  kind: "file" | "keyring";
  /** For a person. */
  name: "auth.json" | "the keyring";
  /** The keyring was asked, and holds no login that would come before this file. */
  isAlone?: boolean;
  /** What is there now. */
  read: () => LiveFile;
  textOf: (document: object) => string;
  stage: (text: string) => PendingLogin;
  remove: () => void;
  /** Makes the change outlive a power cut. */
  confirm: () => void;
}

/** Nobody can tell whether the login was written: what the pool promises, the next command completes. */
export class UncertainWrite extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

/** The login that Codex uses right now: what stands in auth.json, or in the keyring. */
export interface LiveFile {
  /** The file itself, behind every symbolic link; of a login in the keyring, the file whose lock guards it. */
  target: string;
  place: LivePlace;
  /** Why it can neither be read nor replaced; null where it can, or where only its text is the problem. */
  refusal: CodexAuthError | null;
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

/** Of accounts that lie in no CODEX_HOME, as those of a shared database. */
export const noLogin: LiveFile = {
  target: "",
  place: {
    kind: "file",
    name: "auth.json",
    read: () => noLogin,
    textOf: nowhere,
    stage: nowhere,
    remove: nowhere,
    confirm: nowhere,
  },
  refusal: null,
  state: "missing",
  login: null,
  problem: null,
  bytes: null,
  version: null,
  isHardLinked: false,
  isMounted: false,
};

function nowhere(): never {
  throw new Error("These accounts lie in no auth.json.");
}

const utf16Problem =
  "it is written in UTF-16, as Windows PowerShell writes what > redirects, and Codex reads UTF-8";

export function readLiveFile(fs: FileSystem, path: string): LiveFile {
  const target = linkTarget(fs, path);
  const place = filePlace(fs, path, target);
  const nothing = { login: null, problem: null, bytes: null, version: null, place, refusal: null };
  const absent = { target, ...nothing, isHardLinked: false, isMounted: false };
  const file = readWithStat(fs, target);
  if (!file) return { ...absent, state: "missing" };
  const { bytes, stat } = file;
  const reading = readAuthJson(bytes.toString("utf8"));
  const { isUtf16 } = decodedText(bytes);
  return {
    target,
    place,
    refusal: null,
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

function filePlace(fs: FileSystem, path: string, target: string): LivePlace {
  return {
    kind: "file",
    name: "auth.json",
    read: () => readLiveFile(fs, path),
    textOf: authFileText,
    stage: (text) => {
      const staged = stageFile(fs, target, text);
      return { place: () => placeFile(fs, staged), discard: () => discard(fs, staged) };
    },
    remove: () => removeFile(fs, target),
    confirm: () => confirmChange(fs, target),
  };
}

function removeFile(fs: FileSystem, target: string): void {
  try {
    fs.unlinkSync(target);
  } catch (error) {
    throw fileError(error, `remove ${target}`);
  }
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
export async function readPatiently(
  read: () => LiveFile,
  sleep: (ms: number) => Promise<void>,
): Promise<LiveFile> {
  for (let tries = 0; ; tries += 1) {
    const live = read();
    if (live.state !== "broken" || live.place.kind === "keyring" || tries === 4) return live;
    await sleep(50);
  }
}

/** Whether a new login could take the place of this file. */
export function isReplaceable({ isHardLinked, isMounted, refusal }: LiveFile): boolean {
  return !isHardLinked && !isMounted && refusal === null;
}

/** Codex replaces a hard-linked file never, after it has already spent the token: so neither do we begin. */
export function refuseUnreplaceable(live: LiveFile): void {
  if (live.refusal) throw live.refusal;
  if (live.isMounted) throw mountedError(live.target);
  if (!live.isHardLinked) return;
  const message = `${live.target} is a hard link; Codex refuses to replace it and would lose a renewed token.`;
  const hint = `Make it a file of its own: cp -p ${shellWord(live.target)} ${shellWord(`${live.target}.copy`)} && mv ${shellWord(`${live.target}.copy`)} ${shellWord(live.target)}`;
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

/** The other names of a hard-linked auth.json keep the file as it is. */
export async function detachAuthFile(
  paths: Paths,
  ctx: Pick<StoreContext, "fs" | "sleep" | "flock">,
): Promise<void> {
  const { fs, sleep } = ctx;
  const { target } = readLiveFile(fs, paths.authFile);
  const release = await untilUnlocked(() => tryLockLikeCodex(ctx, [paths.authLock, `${target}.lock`]), sleep);
  try {
    replaceByCopy(fs, paths.authFile);
  } finally {
    release();
  }
}

function replaceByCopy(fs: FileSystem, path: string): void {
  const before = readLiveFile(fs, path);
  if (!before.isHardLinked || before.bytes === null) return;
  refuseMounted(fs, before.target);
  const staged = stageFile(fs, before.target, before.bytes);
  try {
    if (!isUntouched(before, readLiveFile(fs, path))) throw changedError(path);
    commitFile(fs, staged);
  } finally {
    discard(fs, staged);
  }
}

function changedError(path: string): CodexAuthError {
  const message = `${path} was changed by another program at this moment.`;
  return new CodexAuthError("store_changed", message, {
    hint: "Nothing was changed. Run the command again.",
  });
}
