import { basename, dirname, join } from "node:path";
import { isSameIdentity, type Login, readAuthJson } from "../../codex/auth-json.ts";
import { loginInEntry } from "../../pool/unreadable-entries.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { type FileSystem, namesIn } from "../../machine/file-system.ts";
import { isThere } from "../../machine/path-kind.ts";
import type { Paths } from "../../machine/paths.ts";
import type { ProcessIdentity } from "../../machine/identity.ts";
import { fingerprint } from "../../pool/account.ts";
import { findAccount } from "../../pool/adopt.ts";
import { parsePool } from "../../pool/pool.ts";
import { listBackups, listRepairBackups } from "../backups/backups.ts";
import type { StoreContext } from "../context.ts";
import { irreplaceableFiles, type OwnFile, ownFiles, removeOwnFiles } from "../files/our-files.ts";
import type { OwnPart } from "../files/our-names.ts";
import { isAbandoned } from "../locks/lock-folder.ts";
import { staleMs } from "../locks/lock.ts";
import { gatewayFiles } from "../files/gateway.ts";
import { counted } from "../../text/times.ts";
import type { Removal, Snapshot } from "../store.ts";
import { readOwnTextIfReadable } from "../own-text.ts";
import { lastingLinks, ownerPath } from "./home-owner.ts";

/** For the holder of the lock of the store, who has just settled what Codex or a killed command left. */
export function removeWanted(
  { fs, self }: Pick<StoreContext, "fs" | "self">,
  paths: Paths,
  { isWanted, check, snapshot }: Removal & { snapshot: Snapshot },
): OwnFile[] {
  refuseUsedStore(fs, paths, self());
  const takes = (part: OwnPart) => isWanted({ path: paths.storeDir, part });
  const ids = new Set(snapshot.pool.accounts.map(({ id }) => id));
  check(snapshot, [
    ...(takes("accounts") ? irreplaceableFiles(fs, paths, ids) : []),
    ...(takes("backups") ? onlyInBackups(fs, paths, snapshot) : []),
    ...(takes("working files") ? unwrittenUse(fs, paths) : []),
  ]);
  const files = ownFiles(fs, paths).filter(isWanted);
  removeOwnFiles(fs, paths, files);
  return files;
}

/**
 * Throws `store_in_use` while something else works with the store that its lock does not keep out: a command in a
 * private home, which would lose the login under its feet, or a renewal that waits for its new token.
 */
function refuseUsedStore(fs: FileSystem, paths: Paths, self: ProcessIdentity): void {
  const [home] = usedHomes(fs, paths);
  if (home !== undefined) throw inUse(`A command of codex-auth, or a Codex, still runs in ${home}.`);
  if (isRenewing(fs, paths, self)) throw inUse("A token is being renewed.");
}

/** A transaction has just removed the homes that provably nobody uses. Links alone are what such a home may leave. */
function usedHomes(fs: FileSystem, { homesDir }: Paths): string[] {
  const homes = namesIn(fs, homesDir).map((name) => join(homesDir, name.replace(/\.owner$/, "")));
  return [...new Set(homes)].filter((home) => isThere(fs, ownerPath(home)) || holdsMore(fs, home));
}

function holdsMore(fs: FileSystem, home: string): boolean {
  const isOurs = /^[0-9a-f]{12}-\d+$/.test(basename(home));
  return isOurs && namesIn(fs, home).some((name) => !lastingLinks.includes(name));
}

function isRenewing(fs: FileSystem, { locksDir }: Paths, self: ProcessIdentity): boolean {
  return namesIn(fs, locksDir).some(
    (name) => /^refresh-\w+\.lock$/.test(name) && !isAbandoned(fs, join(locksDir, name), self, staleMs),
  );
}

function inUse(message: string): CodexAuthError {
  return new CodexAuthError("store_in_use", message, {
    hint: "Let it end, then run the command again. Nothing was removed.",
  });
}

/** What the journal of a gateway has for a database that was away. */
function unwrittenUse(fs: FileSystem, paths: Paths): string[] {
  const { journal, journalFile } = gatewayFiles(fs, paths);
  const entries = journal.read().split("\n").length - 1;
  if (entries === 0) return [];
  const what = counted(entries, "entry", "entries");
  return [
    `${journalFile} (${what} of what keys have used, which the database may not have; a gateway that starts here writes them there)`,
  ];
}

/** Logins that neither the pool nor auth.json has, and what no one can read, as a person may know them. */
function onlyInBackups(fs: FileSystem, { backupsDir }: Paths, snapshot: Snapshot): string[] {
  const pools = listBackups(fs, backupsDir).map(({ path }) => path);
  const copies = listRepairBackups(fs, backupsDir).flatMap(({ path, files }) =>
    files.filter((file) => file !== "config.toml").map((file) => join(path, file)),
  );
  const names = [...pools, ...copies].flatMap((path) => namesInOnlyInBackups(fs, path, snapshot));
  return [...new Set(names)];
}

function namesInOnlyInBackups(fs: FileSystem, path: string, snapshot: Snapshot): string[] {
  const logins = loginsIn(readOwnTextIfReadable(fs, path), path);
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
    const { accounts, unreadable } = parsePool(text, path);
    return [
      ...accounts.map(({ login }) => login),
      ...unreadable.flatMap((entry) => loginInEntry(entry) ?? []),
    ];
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
