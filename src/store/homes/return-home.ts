import { basename, dirname, join, relative, sep } from "node:path";
import { type Login, readAuthJson } from "../../codex/auth-json.ts";
import { codexProcesses, isHomeInUse } from "../../machine/codex-processes.ts";
import { errorCode } from "../../machine/file-error.ts";
import {
  type FileSystem,
  namesIn,
  readTextIfReadable,
  removeIfPresent,
  syncFolder,
} from "../../machine/file-system.ts";
import { sha256 } from "../../machine/hash.ts";
import { isOdd, isThere, shapeOf } from "../../machine/path-kind.ts";
import type { Paths } from "../../machine/paths.ts";
import type { ProcessIdentity } from "../../machine/identity.ts";
import type { StoreContext } from "../context.ts";
import { readOwnTextIfReadable } from "../own-text.ts";
import { copyToNew, hasSameBytes, putAside, removeTree } from "./leftovers.ts";
import {
  derivedFiles,
  isPrivate,
  lastingLinks,
  ownerLiveness,
  ownerPath,
  readHomeOwner,
  traceOfCodex,
} from "./home-owner.ts";

/** A private home that nobody uses any more. */
export interface AbandonedHome {
  path: string;
  /** The login that a command made in it; null when it is still ours, or none. */
  login: Login | null;
  isRemembered: boolean;
}

interface Search {
  self: () => ProcessIdentity;
  /** The home of this very command, which has ended. */
  closing?: string | undefined;
}

/** The homes of commands that have ended or are proven dead, unless a Codex still runs in them. */
export function findAbandonedHomes(fs: FileSystem, paths: Paths, search: Search): AbandonedHome[] {
  return orphanedHomes(fs, paths, search).flatMap(({ path, loginHash, isRemembered }) => {
    if ((codexProcesses(path) ?? []).length > 0) return [];
    return [{ path, login: foreignLogin(fs, path, loginHash), isRemembered }];
  });
}

/** The homes whose command and its program have ended. */
export function orphanedHomes(fs: FileSystem, { homesDir }: Paths, { self, closing }: Search) {
  const found = namesIn(fs, homesDir).map((name) => join(homesDir, name.replace(/\.owner$/, "")));
  return [...new Set([...found, ...(closing === undefined ? [] : [closing])])].flatMap((path) => {
    const owner = readHomeOwner(fs, path);
    if (!owner) return path === closing || isUnowned(fs, path) ? [{ path, ...nothingKnown }] : [];
    const isOver = path === closing || isLeft(fs, path, ownerLiveness(owner, self()));
    return isOver ? [{ path, loginHash: owner.loginHash, isRemembered: owner.isRemembered }] : [];
  });
}

/** Then the login in it counts as news, and the links that Codex may have been told of stay. */
const nothingKnown = { loginHash: "", isRemembered: true };

/** Where nobody can tell, as on a machine without an id that was started anew, the end of its login does. */
function isLeft(fs: FileSystem, home: string, liveness: "dead" | "alive" | "unknown"): boolean {
  return (
    liveness === "dead" || (liveness === "unknown" && isForgotten(fs, home) && isHomeInUse(home) !== true)
  );
}

/** Whoever still used the home would have renewed its login. */
function isForgotten(fs: FileSystem, home: string): boolean {
  const text = readOwnTextIfReadable(fs, join(home, "auth.json"));
  const reading = text === null ? null : readAuthJson(text);
  const endsSec = reading?.kind === "login" ? reading.login.expiresAtSec : null;
  return endsSec === null ? ageMs(fs, ownerPath(home)) > 30 * dayMs : Date.now() > endsSec * 1000 + dayMs;
}

/** What ran inside has spoiled the record, or a power cut has taken it, and nothing runs inside any more. */
function isUnowned(fs: FileSystem, home: string): boolean {
  const record = ownerPath(home);
  const isSpoiled = isThere(fs, record)
    ? isOdd(fs, record, "file") || isStaleText(fs, record)
    : isUnclaimed(fs, home);
  return isSpoiled && isHomeInUse(home) === false;
}

/** The record is written before the home, so there is none any more. A home that is to last holds links and no more. */
function isUnclaimed(fs: FileSystem, home: string): boolean {
  const isHome = /^[0-9a-f]{12}-\d+$/.test(basename(home)) && !isOdd(fs, home, "folder");
  const holdsMore = namesIn(fs, home).some((name) => !lastingLinks.includes(name));
  // Looked at once more: it may have been claimed since the names were read.
  return isHome && holdsMore && ageMs(fs, home) > writingMs && !isThere(fs, ownerPath(home));
}

/** A record takes milliseconds to be written. One that may not be read is not ours to judge. */
function isStaleText(fs: FileSystem, record: string): boolean {
  return ageMs(fs, record) > writingMs && readTextIfReadable(fs, record) !== null;
}

/** Also of what seems to come from the future; 0 for what is not there. */
function ageMs(fs: FileSystem, path: string): number {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 0 : Math.abs(Date.now() - stat.mtimeMs);
}

const dayMs = 24 * 3_600_000;
const writingMs = 60_000;

function foreignLogin(fs: FileSystem, home: string, loginHash: string): Login | null {
  const text = readOwnTextIfReadable(fs, join(home, "auth.json"));
  if (text === null || sha256(text) === loginHash) return null;
  const reading = readAuthJson(text);
  if (reading.kind !== "login") return null;
  const { login } = reading;
  // Without a refresh token it is the lease that was lent to the command.
  return login.kind === "chatgpt" && login.refreshToken === "" ? null : login;
}

/**
 * Gives the real home what was made in this one, and removes it. Its owner record goes last: a removal that is killed
 * is begun again. Returns where those files are that found their place taken.
 */
export function removeHome(
  ctx: Pick<StoreContext, "fs" | "now">,
  paths: Paths,
  { path, isRemembered }: AbandonedHome,
): string[] {
  const { fs } = ctx;
  const record = ownerPath(path);
  // What ran inside may have put a link in the place of its home: what that leads to is none of it.
  const kept = isOdd(fs, path, "folder")
    ? [putAside(ctx, paths, path)]
    : emptyHome(ctx, paths, { path, isRemembered });
  if (isOdd(fs, record, "file")) return [...kept, putAside(ctx, paths, record)];
  // After a power cut a home without its record would be nobody's.
  syncFolder(fs, dirname(path));
  removeIfPresent(fs, record);
  return kept;
}

function emptyHome(
  ctx: Pick<StoreContext, "fs" | "now">,
  paths: Paths,
  { path, isRemembered }: Omit<AbandonedHome, "login">,
): string[] {
  const { fs } = ctx;
  const hasTrace = isThere(fs, join(path, traceOfCodex));
  const staysAsLinks = isRemembered || hasTrace;
  const leftOver = [...bringBack(fs, path, paths.codexHome), ...strangeLogin(fs, path)];
  const kept = leftOver.map((file) => putAside(ctx, paths, file, relative(path, file).replaceAll(sep, "_")));
  for (const name of namesIn(fs, path)) {
    const isLasting = staysAsLinks && lastingLinks.includes(name);
    if (!isLasting) removeTree(fs, join(path, name));
  }
  if (!staysAsLinks || namesIn(fs, path).length === 0) removeTree(fs, path);
  else syncFolder(fs, path);
  return kept;
}

/** It may hold a token, so a person should see it before it is gone. */
function strangeLogin(fs: FileSystem, home: string): string[] {
  const file = join(home, "auth.json");
  if (!isThere(fs, file)) return [];
  const text = readOwnTextIfReadable(fs, file);
  return text === null || readAuthJson(text).kind === "broken" ? [file] : [];
}

/**
 * Moves what a command made in its private home into the real one, folder by folder, and never over something that is
 * there. Returns the files whose place is taken by another content.
 */
function bringBack(fs: FileSystem, home: string, realHome: string): string[] {
  const names = namesIn(fs, home).filter((name) => !isPrivate(name));
  return names.flatMap((name) => {
    const left = moveInto(fs, join(home, name), join(realHome, name));
    return derivedFiles.includes(name) ? [] : left;
  });
}

function moveInto(fs: FileSystem, from: string, to: string): string[] {
  const stat = fs.lstatSync(from, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return moveFolder(fs, from, to, stat.mode);
  if (stat?.isSymbolicLink()) return moveLink(fs, from, to);
  return stat?.isFile() && !moveFile(fs, from, to) ? [from] : [];
}

function moveFolder(fs: FileSystem, from: string, to: string, mode: number): string[] {
  try {
    // What is to be moved into it must find it writable.
    fs.mkdirSync(to, { mode: (mode & 0o777) | 0o700 });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") return [from];
  }
  return namesIn(fs, from).flatMap((name) => moveInto(fs, join(from, name), join(to, name)));
}

/** Our own links lead to where they would be moved to, so there is nothing to do for them. */
function moveLink(fs: FileSystem, from: string, to: string): string[] {
  const target = fs.readlinkSync(from);
  if (target === to) return [];
  // A config.toml that leads to a device would keep the real home from working.
  if (!["file", "folder", "dangling"].includes(shapeOf(fs, from))) return [from];
  try {
    fs.symlinkSync(target, to);
    return [];
  } catch {
    return [from];
  }
}

/** link(2) refuses a name that is taken, which rename would replace. */
function moveFile(fs: FileSystem, from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return hasSameBytes(fs, from, to);
    // Another file system, or one without hard links.
    if (!copyToNew(fs, from, to)) return hasSameBytes(fs, from, to);
  }
  // Durable under its new name before the old one goes.
  syncFolder(fs, dirname(to));
  removeIfPresent(fs, from);
  return true;
}
