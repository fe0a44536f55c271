import { join } from "node:path";
import { readAuthJson } from "../codex/auth-json.ts";
import type { AuthDocument, Login } from "../codex/auth-json.ts";
import { authFileText } from "./auth-file.ts";
import { writeFileAtomic } from "./atomic-write.ts";
import type { FileSystem } from "./file-system.ts";
import { makeFolder, namesIn, readTextIfPresent, removeIfPresent } from "./files.ts";

/** Tokens that came from the issuer and are perhaps not in the pool yet. */
export interface Rescue {
  path: string;
  accountId: string;
  /** Fingerprint of the refresh token that was spent for them. */
  spent: string;
  login: Login;
}

/** Also under its temporary name: a kill between write and rename must not lose what was written. */
const rescueName = /^\.?rescue-([0-9a-f]+)-([0-9a-f]{16})\.json(?:\.[0-9a-f]{16}\.codex-auth-tmp)?$/;

/** The first thing that happens to new tokens: on disk, synced, before anything can go wrong. */
export function writeRescue(
  fs: FileSystem,
  folder: string,
  rescue: { accountId: string; spent: string; document: AuthDocument },
): void {
  makeFolder(fs, folder);
  const name = `rescue-${rescue.accountId}-${rescue.spent}.json`;
  writeFileAtomic(fs, join(folder, name), authFileText(rescue.document));
}

/** What a killed refresh left behind. A file that cannot be read stays for `doctor`. */
export function readRescues(fs: FileSystem, folder: string): Rescue[] {
  return namesIn(fs, folder).flatMap((name) => {
    const match = rescueName.exec(name);
    const path = join(folder, name);
    const text = match && readTextIfPresent(fs, path);
    if (!match || !text) return [];
    const reading = readAuthJson(text);
    if (reading.kind !== "login") return [];
    return [{ path, accountId: match[1] ?? "", spent: match[2] ?? "", login: reading.login }];
  });
}

export function removeRescues(fs: FileSystem, rescues: readonly Rescue[]): void {
  for (const { path } of rescues) removeIfPresent(fs, path);
}
