import { dirname, join } from "node:path";
import { type AuthDocument, type Login, readAuthDocument, readAuthJson } from "../../codex/auth-json.ts";
import type { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { errorCode, fileError } from "../../machine/file-error.ts";
import {
  type FileSystem,
  makeFolder,
  namesIn,
  removeIfPresent,
  timeInName,
} from "../../machine/file-system.ts";
import { readRegular } from "../../machine/guarded-file.ts";
import type { Paths } from "../../machine/paths.ts";
import { currentProcess } from "../../machine/processes.ts";
import { accountIdOf, fingerprint } from "../../pool/account.ts";
import { writeFileAtomic, writeFilePrecious } from "../atomic-write.ts";
import { authFileText } from "../auth-file.ts";
import { findAbandonedHomes } from "../homes/return-home.ts";
import { leftTrialHomes } from "../homes/trial-home.ts";
import { readOwnTextIfReadable } from "../own-text.ts";
import { abandonedTemporaries } from "./temporaries.ts";

/** Temporaries of killed commands, private homes of commands that have ended, and those of questions to Codex. */
export function leftBehind(fs: FileSystem, paths: Paths, authTarget: string, nowMs: number): string[] {
  const files = abandonedTemporaries(fs, paths, { authTarget, nowMs });
  const homes = findAbandonedHomes(fs, paths, { self: currentProcess }).map(({ path }) => path);
  return [...files, ...homes, ...leftTrialHomes(fs, paths, nowMs)];
}

/** Damaged files and older logins that were put aside, and that only a person may delete. */
export function keptAside(fs: FileSystem, paths: Paths, authTarget: string): string[] {
  const isAside = (name: string) => /^(auth\.json|config\.toml|pool\.json)\.broken-\w+$/.test(name);
  const folders = new Set([dirname(authTarget), paths.codexHome, paths.storeDir]);
  const ofHomes = matching(fs, paths.displacedDir, (name) => name.startsWith("exec-"));
  return [...[...folders].flatMap((folder) => matching(fs, folder, isAside)), ...ofHomes];
}

/** Displaced logins of accounts that are not in the pool; the others are older tokens of what the pool has. */
export function displacedStrangers(
  fs: FileSystem,
  { displacedDir }: Paths,
  ids: ReadonlySet<string>,
): string[] {
  return matching(
    fs,
    displacedDir,
    (name) => /^[0-9a-f]{12}-.*\.json$/.test(name) && !ids.has(name.slice(0, 12)),
  );
}

/** Files in which the new tokens of a killed renewal are torn. One that cannot be read is none of them. */
export function tornUnsaved(fs: FileSystem, { unsavedDir }: Paths): string[] {
  return matching(fs, unsavedDir, (name) => name.includes("rescue-")).filter((path) => {
    const text = readOwnTextIfReadable(fs, path);
    return text !== null && readAuthJson(text).kind !== "login";
  });
}

function matching(fs: FileSystem, folder: string, isWanted: (name: string) => boolean): string[] {
  return namesIn(fs, folder)
    .filter(isWanted)
    .sort()
    .map((name) => join(folder, name));
}

const keptPerAccount = 20;

/** Where a login was put aside; null when it is not there. */
export function displacedFile(
  fs: FileSystem,
  folder: string,
  { identity, refreshToken }: Login,
): string | null {
  const [start, end] = [`${accountIdOf(identity)}-`, `-${fingerprint(refreshToken)}.json`];
  const name = namesIn(fs, folder).find((each) => each.startsWith(start) && each.endsWith(end));
  return name === undefined ? null : join(folder, name);
}

/**
 * Puts aside a login that lost against a newer one, as an auth.json of its own that `import` can read. Its token is
 * most likely used up, but nobody can know, so it is not deleted; only the newest 20 of an account are kept.
 */
export function writeDisplaced(fs: FileSystem, folder: string, document: AuthDocument, nowMs: number): void {
  const reading = readAuthDocument(document);
  if (reading.kind !== "login") return;
  const id = accountIdOf(reading.login.identity);
  const name = `-${fingerprint(reading.login.refreshToken)}.json`;
  const earlier = namesIn(fs, folder)
    .filter((each) => each.startsWith(`${id}-`))
    .sort();
  if (earlier.some((each) => each.endsWith(name))) return;
  writeFileAtomic(fs, join(folder, `${id}-${timeInName(nowMs)}${name}`), authFileText(document));
  for (const old of earlier.slice(0, Math.max(0, earlier.length + 1 - keptPerAccount))) {
    removeIfPresent(fs, join(folder, old));
  }
}

/** Tokens that came from the issuer and are perhaps not in the pool yet. */
export interface UnsavedTokens {
  /** Null for one in hand. */
  path: string | null;
  accountId: string;
  /** Fingerprint of the refresh token that was spent for them. */
  spent: string;
  login: Login;
}

/** Also under its temporary name: a kill between write and rename must not lose what was written. */
export const unsavedName = /^\.?rescue-([0-9a-f]+)-([0-9a-f]{16})\.json(?:\.[0-9a-f]{16}\.codex-auth-tmp)?$/;

type Places = Pick<Paths, "unsavedDir" | "storeDir" | "codexHome">;

/** The first one is meant for it; the others may lie on another disk, or be writable when it is not. */
function places({ unsavedDir, storeDir, codexHome }: Places): string[] {
  return [unsavedDir, storeDir, codexHome];
}

export interface NewTokens {
  accountId: string;
  spent: string;
  document: AuthDocument;
}

/**
 * The first thing that happens to new tokens: on disk, synced, before anything can go wrong. Tries every place; returns
 * why it is in none, and null when it is in one.
 */
export function keepUnsaved(fs: FileSystem, paths: Places, tokens: NewTokens): CodexAuthError | null {
  const problems: CodexAuthError[] = [];
  for (const folder of places(paths)) {
    try {
      writeUnsaved(fs, folder, tokens);
      return null;
    } catch (error) {
      problems.push(fileError(error, `write into ${folder}`));
    }
  }
  return problems[0] ?? null;
}

export function writeUnsaved(
  fs: FileSystem,
  folder: string,
  { accountId, spent, document }: NewTokens,
): void {
  makeFolder(fs, folder);
  writeFilePrecious(fs, join(folder, `rescue-${accountId}-${spent}.json`), authFileText(document));
}

/** What a killed refresh left behind. A file that cannot be read stays for `doctor`. */
export function readUnsaved(fs: FileSystem, paths: Places): UnsavedTokens[] {
  return [...new Set(places(paths))].flatMap((folder) => unsavedIn(fs, folder));
}

function unsavedIn(fs: FileSystem, folder: string): UnsavedTokens[] {
  return namesIn(fs, folder).flatMap((name) => {
    const match = unsavedName.exec(name);
    const path = join(folder, name);
    const text = match && readOwnTextIfReadable(fs, path);
    if (!match || !text) return [];
    const reading = readAuthJson(text);
    if (reading.kind !== "login") return [];
    return [{ path, accountId: match[1] ?? "", spent: match[2] ?? "", login: reading.login }];
  });
}

/** What such a name may lead to without being a file that ever held tokens. */
const neverTokens = new Set(["EISDIR", "ENXIO", "ELOOP", "EFBIG", "ENOENT"]);

/** Throws where a killed refresh may have left tokens of the account that cannot be read: its old one is spent then. */
export function requireReadableUnsaved(fs: FileSystem, folder: string, accountId: string): void {
  try {
    for (const name of fs.readdirSync(folder))
      if (unsavedName.exec(name)?.[1] === accountId) requireReadable(fs, join(folder, name));
  } catch (error) {
    throw fileError(error, `read ${folder}`);
  }
}

function requireReadable(fs: FileSystem, path: string): void {
  try {
    readRegular(fs, path);
  } catch (error) {
    if (!neverTokens.has(errorCode(error))) throw fileError(error, `read ${path}`);
  }
}

export function removeUnsaved(fs: FileSystem, unsaved: readonly UnsavedTokens[]): void {
  for (const { path } of unsaved) if (path !== null) removeIfPresent(fs, path);
}
