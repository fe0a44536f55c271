import { join } from "node:path";
import type { CodexAuthError } from "../errors/codex-auth-error.ts";
import { readAuthJson } from "../codex/auth-json.ts";
import type { AuthDocument, Login } from "../codex/auth-json.ts";
import { readRegular } from "../machine/guarded-file.ts";
import { authFileText } from "./auth-file.ts";
import { writeFilePrecious } from "./atomic-write.ts";
import { errorCode, fileError } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import type { Paths } from "./paths.ts";
import { makeFolder, namesIn, readTextIfReadable, removeIfPresent } from "./files.ts";

/** Tokens that came from the issuer and are perhaps not in the pool yet. */
export interface Rescue {
  /** Null for one in hand. */
  path: string | null;
  accountId: string;
  /** Fingerprint of the refresh token that was spent for them. */
  spent: string;
  login: Login;
}

/** Also under its temporary name: a kill between write and rename must not lose what was written. */
export const rescueName = /^\.?rescue-([0-9a-f]+)-([0-9a-f]{16})\.json(?:\.[0-9a-f]{16}\.codex-auth-tmp)?$/;

type Places = Pick<Paths, "rescueDir" | "storeDir" | "codexHome">;

/** The first one is meant for it; the others may lie on another disk, or be writable when it is not. */
function places({ rescueDir, storeDir, codexHome }: Places): string[] {
  return [rescueDir, storeDir, codexHome];
}

interface NewTokens {
  accountId: string;
  spent: string;
  document: AuthDocument;
}

/**
 * The first thing that happens to new tokens: on disk, synced, before anything can go wrong. Tries every place; returns
 * why it is in none, and null when it is in one.
 */
export function keepRescue(fs: FileSystem, paths: Places, tokens: NewTokens): CodexAuthError | null {
  const problems: CodexAuthError[] = [];
  for (const folder of places(paths)) {
    try {
      writeRescue(fs, folder, tokens);
      return null;
    } catch (error) {
      problems.push(fileError(error, `write into ${folder}`));
    }
  }
  return problems[0] ?? null;
}

export function writeRescue(fs: FileSystem, folder: string, { accountId, spent, document }: NewTokens): void {
  makeFolder(fs, folder);
  writeFilePrecious(fs, join(folder, `rescue-${accountId}-${spent}.json`), authFileText(document));
}

/** What a killed refresh left behind. A file that cannot be read stays for `doctor`. */
export function readRescues(fs: FileSystem, paths: Places): Rescue[] {
  return [...new Set(places(paths))].flatMap((folder) => rescuesIn(fs, folder));
}

function rescuesIn(fs: FileSystem, folder: string): Rescue[] {
  return namesIn(fs, folder).flatMap((name) => {
    const match = rescueName.exec(name);
    const path = join(folder, name);
    const text = match && readTextIfReadable(fs, path);
    if (!match || !text) return [];
    const reading = readAuthJson(text);
    if (reading.kind !== "login") return [];
    return [{ path, accountId: match[1] ?? "", spent: match[2] ?? "", login: reading.login }];
  });
}

/** What such a name may lead to without being a file that ever held tokens. */
const neverTokens = new Set(["EISDIR", "ENXIO", "ELOOP", "EFBIG", "ENOENT"]);

/** Throws where a killed refresh may have left tokens of the account that cannot be read: its old one is spent then. */
export function requireReadableRescues(fs: FileSystem, folder: string, accountId: string): void {
  try {
    for (const name of fs.readdirSync(folder))
      if (rescueName.exec(name)?.[1] === accountId) requireReadable(fs, join(folder, name));
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

export function removeRescues(fs: FileSystem, rescues: readonly Rescue[]): void {
  for (const { path } of rescues) if (path !== null) removeIfPresent(fs, path);
}
