import { join, relative, sep } from "node:path";
import { readAuthJson } from "../codex/auth-json.ts";
import type { Login } from "../codex/auth-json.ts";
import { codexProcesses, isHomeInUse } from "./codex-processes.ts";
import { isOdd, isThere } from "./file-shape.ts";
import { namesIn, readTextIfReadable, removeIfPresent } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import { foldBack } from "./fold-back.ts";
import { sha256 } from "./hash.ts";
import { lastingLinks, traceOfCodex } from "./home-layout.ts";
import { isOrphaned, ownerEnding, ownerPath, readHomeOwner } from "./home-owner.ts";
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
  const claimed = namesIn(fs, homesDir)
    .filter((name) => name.endsWith(ownerEnding))
    .map((name) => join(homesDir, name.slice(0, -ownerEnding.length)));
  return [...new Set([...claimed, ...(closing === undefined ? [] : [closing])])].flatMap((path) => {
    const owner = readHomeOwner(fs, path);
    if (!owner) return path === closing || isUnowned(fs, path) ? [{ path, ...nothingKnown }] : [];
    const isOver = path === closing || isOrphaned(owner, self());
    return isOver ? [{ path, loginHash: owner.loginHash, isRemembered: owner.isRemembered }] : [];
  });
}

/** Then the login in it counts as news, and the links that Codex may have been told of stay. */
const nothingKnown = { loginHash: "", isRemembered: true };

/** What ran inside has spoiled the record, and nothing runs inside any more. */
function isUnowned(fs: FileSystem, home: string): boolean {
  const record = ownerPath(home);
  return (isOdd(fs, record, "file") || isStaleText(fs, record)) && isHomeInUse(home) === false;
}

/** A record takes milliseconds to be written. One that may not be read is not ours to judge. */
function isStaleText(fs: FileSystem, record: string): boolean {
  const stat = fs.lstatSync(record, { throwIfNoEntry: false });
  const isOld = stat !== undefined && Math.abs(Date.now() - stat.mtimeMs) > writingMs;
  return isOld && readTextIfReadable(fs, record) !== null;
}

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
  if (!staysAsLinks) removeTree(fs, path);
  return kept;
}

/** It may hold a token, so a person should see it before it is gone. */
function strangeLogin(fs: FileSystem, home: string): string[] {
  const file = join(home, "auth.json");
  if (!isThere(fs, file)) return [];
  const text = readTextIfReadable(fs, file);
  return text === null || readAuthJson(text).kind === "broken" ? [file] : [];
}
