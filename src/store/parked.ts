import { join } from "node:path";
import { readAuthDocument } from "../codex/auth-json.ts";
import type { AuthDocument, Login } from "../codex/auth-json.ts";
import { accountIdOf, fingerprint } from "./account-id.ts";
import { authFileText } from "./auth-file.ts";
import { writeFileAtomic } from "./atomic-write.ts";
import { namesIn, removeIfPresent, timeInName } from "./files.ts";
import type { FileSystem } from "./file-system.ts";

const keptPerAccount = 20;

/** Where a login was put aside; null when it is not there. */
export function parkedFile(fs: FileSystem, folder: string, { identity, refreshToken }: Login): string | null {
  const [start, end] = [`${accountIdOf(identity)}-`, `-${fingerprint(refreshToken)}.json`];
  const name = namesIn(fs, folder).find((each) => each.startsWith(start) && each.endsWith(end));
  return name === undefined ? null : join(folder, name);
}

/**
 * Puts aside a login that lost against a newer one, as an auth.json of its own that `import` can read. Its token is
 * most likely used up, but nobody can know, so it is not deleted; only the newest 20 of an account are kept.
 */
export function parkLogin(fs: FileSystem, folder: string, document: AuthDocument, nowMs: number): void {
  const reading = readAuthDocument(document);
  if (reading.kind !== "login") return;
  const id = accountIdOf(reading.login.identity);
  const name = `-${fingerprint(reading.login.refreshToken)}.json`;
  const parked = namesIn(fs, folder)
    .filter((each) => each.startsWith(`${id}-`))
    .sort();
  if (parked.some((each) => each.endsWith(name))) return;
  writeFileAtomic(fs, join(folder, `${id}-${timeInName(nowMs)}${name}`), authFileText(document));
  for (const old of parked.slice(0, Math.max(0, parked.length + 1 - keptPerAccount))) {
    removeIfPresent(fs, join(folder, old));
  }
}
