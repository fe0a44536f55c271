import { dirname, join } from "node:path";
import { codexProcesses } from "../../machine/codex-processes.ts";
import { errorCode, fileError } from "../../machine/file-error.ts";
import {
  type FileSystem,
  namesIn,
  readTextIfReadable,
  removeIfPresent,
  syncFolder,
} from "../../machine/file-system.ts";
import { openNew, openToAppend } from "../../machine/guarded-file.ts";
import type { ProcessIdentity } from "../../machine/identity.ts";
import type { Paths } from "../../machine/paths.ts";
import { livenessOf } from "../../machine/processes.ts";

/**
 * Who uses a private home. Stands beside it as `<home>.owner`, one line of JSON each: the command that made the home,
 * then the program that it runs inside.
 */
interface HomeOwner {
  /** Hash of the auth.json that the home was made with: the same text at the end is no news. */
  loginHash: string;
  /** An earlier Codex ran at this path, so that its lasting links must stay. */
  isRemembered: boolean;
  processes: readonly ProcessIdentity[];
}

/** False when the home has an owner already. */
export function claimHome(fs: FileSystem, home: string, loginHash: string, self: ProcessIdentity): boolean {
  const isRemembered = fs.lstatSync(home, { throwIfNoEntry: false }) !== undefined;
  try {
    writeLine(fs, home, "wx", { ...self, loginHash, isRemembered });
    syncFolder(fs, dirname(home));
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw fileError(error, `write ${ownerPath(home)}`);
  }
}

export function addOccupant(fs: FileSystem, home: string, occupant: ProcessIdentity): void {
  writeLine(fs, home, "a", occupant);
}

/** Null when there is none, when it cannot be read, or when its first line is not complete yet. */
export function readHomeOwner(fs: FileSystem, home: string): HomeOwner | null {
  const lines = (readTextIfReadable(fs, ownerPath(home)) ?? "").split("\n").slice(0, -1);
  try {
    const [first, ...others] = lines.map((line): unknown => JSON.parse(line));
    if (!isIdentity(first) || !("loginHash" in first)) return null;
    const isRemembered = "isRemembered" in first && first.isRemembered === true;
    const processes = [first, ...others.filter(isIdentity)];
    return { loginHash: String(first.loginHash), isRemembered, processes };
  } catch {
    return null;
  }
}

/** Whether anybody uses the home: `dead` and `alive` are proven, by every process or by one. */
export function ownerLiveness({ processes }: HomeOwner, self: ProcessIdentity): "dead" | "alive" | "unknown" {
  const all = processes.map((each) => livenessOf(each, self));
  if (all.every((each) => each === "dead")) return "dead";
  return all.includes("alive") || all.includes("self") ? "alive" : "unknown";
}

/** A process of `exec`, or of what it started, and the account with whose login it runs. */
interface Borrower {
  accountId: string;
  pid: number;
}

/** One for each private home in which something runs. */
export function borrowers(
  fs: FileSystem,
  { homesDir }: Pick<Paths, "homesDir">,
  self: ProcessIdentity,
): Borrower[] {
  return namesIn(fs, homesDir).flatMap((name) => {
    if (!name.endsWith(ownerEnding)) return [];
    const home = join(homesDir, name.slice(0, -ownerEnding.length));
    const processes = readHomeOwner(fs, home)?.processes ?? [];
    const running = processes.find((each) => livenessOf(each, self) !== "dead");
    const pid = running?.pid ?? codexProcesses(home)?.[0]?.pid;
    const accountId = name.split("-", 1)[0] ?? "";
    return pid === undefined ? [] : [{ accountId, pid }];
  });
}

/** The process that runs with the login of this account; null when none is known. */
export function borrowerOf(
  fs: FileSystem,
  paths: Pick<Paths, "homesDir">,
  accountId: string,
  self: ProcessIdentity,
): number | null {
  return borrowers(fs, paths, self).find((each) => each.accountId === accountId)?.pid ?? null;
}

export const ownerEnding = ".owner";

export function ownerPath(home: string): string {
  return `${home}${ownerEnding}`;
}

function writeLine(fs: FileSystem, home: string, flags: "wx" | "a", value: object): void {
  const path = ownerPath(home);
  // A record that is gone, with what it said of the login, is not begun again in the middle.
  const fd = flags === "wx" ? openNew(fs, path) : openToAppend(fs, path, { makes: false });
  try {
    fs.writeSync(fd, `${JSON.stringify(value)}\n`);
    // A power cut would leave a home with a login, and no word of whose it is.
    fs.fsyncSync(fd);
  } catch (error) {
    // A claim without a line would keep the place for ever.
    if (flags === "wx") removeIfPresent(fs, path);
    throw error;
  } finally {
    fs.closeSync(fd);
  }
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return typeof value === "object" && value !== null && "pid" in value && "host" in value;
}

/**
 * What a private home shares with the real one. Measured with Codex 0.169.0: it writes config.toml, installation_id,
 * models_cache.json and history.jsonl through a link, also through one whose target does not exist yet; a folder that
 * is missing it makes anew, so a link must lead to one that is there.
 */
export const sharedFiles = ["config.toml", "history.jsonl", "installation_id", "models_cache.json"];

/** `packages` holds the 404 MB of Codex's daemon; `thread-writer-locks` keeps two Codex from one session. */
export const sharedFolders = ["sessions", "archived_sessions", "thread-writer-locks", "packages"];

/**
 * Codex's state database remembers each session by its path in the home that it was made in. While these links stay
 * under that path, `codex resume <session id>` finds it; without them only after the next list of sessions.
 */
export const lastingLinks = ["sessions", "archived_sessions"];

/** Codex makes this folder in its home at every start. */
export const traceOfCodex = "tmp";

/** What Codex makes anew when it is lost: of two versions, that of the real home stays and nobody needs to hear of it. */
export const derivedFiles = ["installation_id", "models_cache.json", "version.json", ".sandbox_migration"];

const privateNames = new Set(["app-server-control", "app-server-daemon", "codex-auth", "log", traceOfCodex]);

/** The login and its locks, sockets, our own store, and what is left of a killed write. Databases are shared by CODEX_SQLITE_HOME. */
export function isPrivate(name: string): boolean {
  return (
    privateNames.has(name) ||
    /^(auth\.|\.auth-)/.test(name) ||
    /\.sqlite(-\w+)?$/.test(name) ||
    name.endsWith(".codex-auth-tmp")
  );
}
