import { basename, dirname, join, relative, sep } from "node:path";
import { readAuthJson } from "../codex/auth-json.ts";
import type { Login } from "../codex/auth-json.ts";
import { codexProcesses, isHomeInUse } from "./codex-processes.ts";
import { isOdd, isThere } from "./file-shape.ts";
import { namesIn, readTextIfReadable, removeIfPresent, syncFolder } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import { foldBack } from "./fold-back.ts";
import { sha256 } from "./hash.ts";
import { lastingLinks, traceOfCodex } from "./home-layout.ts";
import { ownerLiveness, ownerPath, readHomeOwner } from "./home-owner.ts";
import type { Paths } from "./paths.ts";
import { putAside, removeTree } from "./put-aside.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import type { StoreEffects } from "./store-effects.ts";

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
  const text = readTextIfReadable(fs, join(home, "auth.json"));
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
  const text = readTextIfReadable(fs, join(home, "auth.json"));
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
  effects: Pick<StoreEffects, "fs" | "now">,
  paths: Paths,
  { path, isRemembered }: AbandonedHome,
): string[] {
  const { fs } = effects;
  const record = ownerPath(path);
  // What ran inside may have put a link in the place of its home: what that leads to is none of it.
  const kept = isOdd(fs, path, "folder")
    ? [putAside(effects, paths, path)]
    : emptyHome(effects, paths, { path, isRemembered });
  if (isOdd(fs, record, "file")) return [...kept, putAside(effects, paths, record)];
  // After a power cut a home without its record would be nobody's.
  syncFolder(fs, dirname(path));
  removeIfPresent(fs, record);
  return kept;
}

function emptyHome(
  effects: Pick<StoreEffects, "fs" | "now">,
  paths: Paths,
  { path, isRemembered }: Omit<AbandonedHome, "login">,
): string[] {
  const { fs } = effects;
  const hasTrace = isThere(fs, join(path, traceOfCodex));
  const staysAsLinks = isRemembered || hasTrace;
  const leftOver = [...foldBack(fs, path, paths.codexHome), ...strangeLogin(fs, path)];
  const kept = leftOver.map((file) =>
    putAside(effects, paths, file, relative(path, file).replaceAll(sep, "_")),
  );
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
  const text = readTextIfReadable(fs, file);
  return text === null || readAuthJson(text).kind === "broken" ? [file] : [];
}
