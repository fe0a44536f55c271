import { dirname } from "node:path";
import { openNew, openToAppend } from "../machine/guarded-file.ts";
import { fileError, errorCode } from "./file-error.ts";
import { readTextIfReadable, removeIfPresent, syncFolder } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import { livenessOf } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";

/**
 * Who uses a private home. Stands beside it as `<home>.owner`, one line of JSON each: the command that made the home,
 * then the program that it runs inside.
 */
export interface HomeOwner {
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
