// Entries of pool.json that are no account: kept aside by whoever reads the pool, named and judged here.
import type { Login } from "../codex/auth-json.ts";
import { salvageLogin } from "../codex/login-documents.ts";
import { sha256 } from "../machine/hash.ts";
import { isRecord } from "../text/json.ts";
import { isFlag, isRefreshMark } from "./marks.ts";
import { type Pool, readAccount } from "./pool.ts";

/** How a person may know an entry that cannot be read; null when it does not say. */
export function entryName(entry: unknown): string | null {
  if (!isRecord(entry)) return null;
  const name = [entry["label"], loginInEntry(entry)?.email, entry["id"]].find(isName);
  return name ?? null;
}

/** Names an entry whatever stands before it, and tells nothing of what is in it. */
export function entryKey(entry: unknown): string {
  return sha256(JSON.stringify(entry));
}

/** Which field keeps it from being read. */
export function entryProblem(entry: unknown, { accounts }: Pool): string {
  if (!isRecord(entry)) return "it is no JSON object";
  const known = accounts.find(({ id }) => id === entry["id"]);
  if (readAccount(entry) && known) return `another account has its id, ${known.id}`;
  const wrong = Object.entries(fieldTests).filter(([key, test]) => !test(entry[key]));
  if (wrong.length > 0) return `fields of a wrong type: ${wrong.map(([key]) => key).join(", ")}`;
  return "its auth is no login that Codex could read";
}

/** The login in it, if that at least can be read. */
export function loginInEntry(entry: unknown): Login | null {
  return isRecord(entry) && isRecord(entry["auth"]) ? salvageLogin(JSON.stringify(entry["auth"]), 0) : null;
}

export function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

const isNameOrNothing = (value: unknown) =>
  value === undefined || value === null || typeof value === "string";

const fieldTests: Record<string, (value: unknown) => boolean> = {
  id: isName,
  addedAt: isName,
  label: isNameOrNothing,
  pausedAt: isNameOrNothing,
  auth: isRecord,
  spent: (value) => Array.isArray(value) && value.every((each) => typeof each === "string"),
  flag: (value) => value === undefined || value === null || isFlag(value),
  refresh: (value) => value === undefined || value === null || isRefreshMark(value),
};
