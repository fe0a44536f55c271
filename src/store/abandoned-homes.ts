import { join, relative, sep } from "node:path";
import { readAuthJson } from "../codex/auth-json.ts";
import type { Login } from "../codex/auth-json.ts";
import { writeFileAtomic } from "./atomic-write.ts";
import { codexProcesses } from "./codex-processes.ts";
import { makeFolder, namesIn, readTextIfPresent, removeIfPresent, timeInName } from "./files.ts";
import type { FileSystem } from "./file-system.ts";
import { foldBack } from "./fold-back.ts";
import { sha256 } from "./hash.ts";
import { lastingLinks, traceOfCodex } from "./home-layout.ts";
import { isOrphaned, ownerEnding, ownerPath, readHomeOwner } from "./home-owner.ts";
import type { Paths } from "./paths.ts";
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
  return namesIn(fs, homesDir).flatMap((name) => {
    if (!name.endsWith(ownerEnding)) return [];
    const path = join(homesDir, name.slice(0, -ownerEnding.length));
    const owner = readHomeOwner(fs, path);
    const isOver = owner && (path === closing || isOrphaned(owner, self()));
    return isOver ? [{ path, loginHash: owner.loginHash, isRemembered: owner.isRemembered }] : [];
  });
}

function foreignLogin(fs: FileSystem, home: string, loginHash: string): Login | null {
  const text = readTextIfPresent(fs, join(home, "auth.json"));
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
  { fs, now }: Pick<StoreEffects, "fs" | "now">,
  paths: Paths,
  { path, isRemembered }: AbandonedHome,
): string[] {
  const hasTrace = fs.lstatSync(join(path, traceOfCodex), { throwIfNoEntry: false }) !== undefined;
  const staysAsLinks = isRemembered || hasTrace;
  const leftOver = [...foldBack(fs, path, paths.codexHome), ...tornLogin(fs, path)];
  const kept = leftOver.map((file) => keepAside({ fs, now }, paths, file, relative(path, file)));
  for (const name of namesIn(fs, path)) {
    const isLasting = staysAsLinks && lastingLinks.includes(name);
    if (!isLasting) fs.rmSync(join(path, name), { recursive: true, force: true });
  }
  if (!staysAsLinks) fs.rmSync(path, { recursive: true, force: true });
  removeIfPresent(fs, ownerPath(path));
  return kept;
}

/** It may hold a token, so a person should see it before it is gone. */
function tornLogin(fs: FileSystem, home: string): string[] {
  const file = join(home, "auth.json");
  const text = readTextIfPresent(fs, file);
  return text !== null && readAuthJson(text).kind === "broken" ? [file] : [];
}

function keepAside(
  { fs, now }: Pick<StoreEffects, "fs" | "now">,
  { parkedDir }: Paths,
  file: string,
  name: string,
): string {
  makeFolder(fs, parkedDir);
  const place = join(parkedDir, `exec-${timeInName(now())}-${name.replaceAll(sep, "_")}`);
  writeFileAtomic(fs, place, fs.readFileSync(file));
  return place;
}
