import { basename, dirname, join } from "node:path";
import { isSameIdentity, readAuthJson } from "../codex/auth-json.ts";
import type { Login } from "../codex/auth-json.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { fingerprint } from "./account-id.ts";
import { findAccount } from "./adopt.ts";
import { listBackups } from "./backups.ts";
import { loginInEntry } from "./entries.ts";
import type { FileSystem } from "./file-system.ts";
import { readTextIfReadable } from "./files.ts";
import type { Paths } from "./paths.ts";
import { parsePool } from "./pool-file.ts";
import { listRepairBackups } from "./repair-backup.ts";
import type { Snapshot } from "./store.ts";

/** Logins that neither the pool nor auth.json has, and what no one can read, as a person may know them. */
export function onlyInBackups(fs: FileSystem, { backupsDir }: Paths, snapshot: Snapshot): string[] {
  const pools = listBackups(fs, backupsDir).map(({ path }) => path);
  const copies = listRepairBackups(fs, backupsDir).flatMap(({ path, files }) =>
    files.filter((file) => file !== "config.toml").map((file) => join(path, file)),
  );
  const names = [...pools, ...copies].flatMap((path) => namesIn(fs, path, snapshot));
  return [...new Set(names)];
}

function namesIn(fs: FileSystem, path: string, snapshot: Snapshot): string[] {
  const logins = loginsIn(readTextIfReadable(fs, path), path);
  if (logins === null) return [path];
  return logins.filter((login) => !isElsewhere(login, snapshot)).map((login) => nameOf(login, path));
}

/** Null when it cannot be read; a blank or torn auth.json holds no login that anybody could use. */
function loginsIn(text: string | null, path: string): Login[] | null {
  if (text === null) return null;
  if (basename(path) === "auth.json") {
    const reading = readAuthJson(text);
    return reading.kind === "broken" ? null : reading.kind === "login" ? [reading.login] : [];
  }
  try {
    const { accounts, setAside } = parsePool(text, path);
    return [...accounts.map(({ login }) => login), ...setAside.flatMap((entry) => loginInEntry(entry) ?? [])];
  } catch (error) {
    if (error instanceof CodexAuthError) return null;
    throw error;
  }
}

/** In the pool or auth.json, as new or newer; or used up, so that nobody can use it. */
function isElsewhere(login: Login, { pool, live }: Snapshot): boolean {
  if (findAccount(pool, login) || (live.login && isSameIdentity(live.login.identity, login.identity)))
    return true;
  const mark = fingerprint(login.refreshToken);
  return login.refreshToken !== "" && [...pool.retired.values()].some((spent) => spent.includes(mark));
}

function nameOf({ email, identity, kind }: Login, path: string): string {
  const seat = identity.kind === "seat" ? ` in workspace ${identity.accountId}` : "";
  const file = basename(path);
  const backup = file.startsWith("pool-") ? file.replace(/\.json$/, "") : basename(dirname(path));
  return `${email ?? kind}${seat} (in the backup ${backup})`;
}
