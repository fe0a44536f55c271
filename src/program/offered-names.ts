import type { FileSystem } from "../machine/file-system.ts";
import { readDatabase } from "../machine/databases.ts";
import type { Paths } from "../machine/paths.ts";
import { type Account, seatName } from "../pool/account.ts";
import { type Candidate, candidateLines } from "./complete.ts";
import { currentPlan } from "../quota/block.ts";
import { databaseFile } from "../store/files/gateway.ts";
import { readUsageFile } from "../store/files/quota.ts";
import type { UsageByAccount } from "../store/library-store.ts";
import { keptNames, readNames } from "../store/files/names.ts";
import { safeText } from "../text/safe-text.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The names of accounts that TAB offers. Never waits or fails. */
export function offeredNames(fs: FileSystem, paths: Paths): readonly Candidate[] {
  const lines = readNames(fs, paths, (accounts) =>
    candidateLines(accountCandidates(accounts, readUsageFile(fs, paths.usageFile))),
  );
  return lines.split("\n").flatMap(candidateIn);
}

/** The same where they are kept already; fails where they are not. */
export function knownNames(fs: FileSystem, paths: Paths): readonly Candidate[] {
  return keptNames(fs, paths).split("\n").flatMap(candidateIn);
}

/** The names of the keys of the gateway that open something, where they are in a file. Never waits or fails. */
export function keyNames(fs: FileSystem, paths: Paths, env: Env): readonly Candidate[] {
  const file = databaseFile(env, paths);
  const rows = (file === null ? null : readDatabase(fs, file, "api_keys")) ?? [];
  return rows.flatMap(([, name, , , role, , , , revokedMs]) => {
    const isOffered = revokedMs === null && typeof name === "string" && isTypeable(name);
    return isOffered ? [{ value: name, description: String(role) }] : [];
  });
}

/** The file may hold anything: what acts on a shell or a terminal is not offered. */
function candidateIn(line: string): Candidate[] {
  const [value = "", description = "", ...more] = line.split("\t");
  return isTypeable(value) && more.length === 0 ? [{ value, description }] : [];
}

/** Labels, and e-mails of one seat; an account that has neither is called by its id. */
function accountCandidates(accounts: readonly Account[], usage: UsageByAccount): Candidate[] {
  const seats = seatsByEmail(accounts);
  return accounts.flatMap((account) => {
    const { id, label, login } = account;
    const { email } = login;
    const plan = currentPlan(login, usage.get(id)?.news);
    const description = [seatName(account), plan].filter((part) => part !== null).join(", ");
    const own = email !== null && seats.get(email.toLowerCase()) === 1 ? email : null;
    const names = [label, own].filter((name) => name !== null).filter(isTypeable);
    return (names.length === 0 ? [id] : names).map((value) => ({ value, description }));
  });
}

function seatsByEmail(accounts: readonly Account[]): Map<string, number> {
  const seats = new Map<string, number>();
  for (const { login } of accounts) {
    const email = login.email?.toLowerCase() ?? "";
    seats.set(email, (seats.get(email) ?? 0) + 1);
  }
  return seats;
}

/** A name from a token may be anything; one that could be read as an option, or acts on a terminal, is not offered. */
function isTypeable(name: string): boolean {
  return !name.startsWith("-") && name.trim() !== "" && safeText(name) === name;
}
