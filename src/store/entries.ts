import { isObject } from "../codex/claims.ts";
import type { Login } from "../codex/auth-json.ts";
import { salvageLogin } from "../codex/salvage-login.ts";
import { adopt } from "./adopt.ts";
import { readAccount } from "./pool-file.ts";
import type { Pool } from "./pool-file.ts";
import { isFlag, isRefreshMark } from "./refresh-mark.ts";
import { sha256 } from "./hash.ts";
import type { Draft } from "./store.ts";

/** How a person may know an entry that cannot be read; null when it does not say. */
export function entryName(entry: unknown): string | null {
  if (!isObject(entry)) return null;
  const name = [entry["label"], loginInEntry(entry)?.email, entry["id"]].find(isName);
  return name ?? null;
}

/** Names an entry whatever stands before it, and tells nothing of what is in it. */
export function entryKey(entry: unknown): string {
  return sha256(JSON.stringify(entry));
}

/** Which field keeps it from being read. */
export function entryProblem(entry: unknown, { accounts }: Pool): string {
  if (!isObject(entry)) return "it is no JSON object";
  const known = accounts.find(({ id }) => id === entry["id"]);
  if (readAccount(entry) && known) return `another account has its id, ${known.id}`;
  const wrong = Object.entries(fieldTests).filter(([key, test]) => !test(entry[key]));
  if (wrong.length > 0) return `fields of a wrong type: ${wrong.map(([key]) => key).join(", ")}`;
  return "its auth is no login that Codex could read";
}

/** The login in it, if that at least can be read. */
export function loginInEntry(entry: unknown): Login | null {
  return isObject(entry) && isObject(entry["auth"]) ? salvageLogin(JSON.stringify(entry["auth"]), 0) : null;
}

/** Takes the login of such an entry back into the pool; where an account has a newer one, that of the entry is parked. */
export function takeBackEntry(draft: Draft, key: string, nowMs: number): void {
  const { setAside } = draft.pool;
  const index = setAside.findIndex((each) => entryKey(each) === key);
  const entry = setAside[index];
  const login = loginInEntry(entry);
  if (!login || !isObject(entry)) return;
  draft.pool.setAside = setAside.toSpliced(index, 1);
  const { account, displaced, outcome } = adopt(draft.pool, login, { nowMs, tie: "pool" });
  if (displaced) draft.park(displaced);
  const { label, pausedAt, spent } = entry;
  if (isName(label) && !draft.pool.accounts.some((each) => each.label === label)) account.label ??= label;
  if (outcome !== "added") return;
  if (isName(pausedAt)) account.pausedAt = pausedAt;
  if (Array.isArray(spent)) account.spent = [...new Set([...account.spent, ...spent.filter(isName)])];
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

const isNameOrNothing = (value: unknown) =>
  value === undefined || value === null || typeof value === "string";

const fieldTests: Record<string, (value: unknown) => boolean> = {
  id: isName,
  addedAt: isName,
  label: isNameOrNothing,
  pausedAt: isNameOrNothing,
  auth: isObject,
  spent: (value) => Array.isArray(value) && value.every((each) => typeof each === "string"),
  flag: (value) => value === undefined || value === null || isFlag(value),
  refresh: (value) => value === undefined || value === null || isRefreshMark(value),
};
