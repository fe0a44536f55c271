import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { editDistance } from "../text/words.ts";
import { safe, safeText } from "../text/safe-text.ts";
import { type Account, plainName } from "./account.ts";
import type { Pool } from "./pool.ts";

interface Snapshot {
  readonly pool: Pool;
}

/**
 * Finds the account that a word on the command line means: `-` (the previously active one), a row number, a label,
 * e-mail, id or workspace id, or what fits a single account of a part of a label or e-mail, or the start of an id. Throws
 * `account_not_found` or `ambiguous_account`.
 */
export function selectAccount(snapshot: Snapshot, wanted: string): Account {
  const { accounts } = snapshot.pool;
  const whole = wholeMatch(snapshot, wanted);
  if (whole) return whole;
  const partly = accounts.filter((account) => hasPart(account, wanted));
  if (partly.length > 0) return theOnly(partly, accounts, wanted);
  throw notFound(wanted, accounts);
}

/** The published contract: one text for everything that names no account, and a second line that helps. */
export function selectIndex(snapshot: Snapshot, wanted: string): Account {
  try {
    return selectAccount(snapshot, wanted);
  } catch (error) {
    if (!(error instanceof CodexAuthError) || error.code !== "account_not_found") throw error;
    const { candidates = [], hint = "" } = error;
    const what = /^[+-]?\d/.test(wanted) ? "There is no row" : "No account is called";
    const lines = [
      ...(wanted === "-" ? [] : [safe`${what} ${wanted}.`]),
      ...(candidates.length > 0 || wanted === "-" ? [hint] : []),
      rowsHint(snapshot),
    ];
    const details = { hint: [...new Set(lines)].join("\n"), candidates, cause: error };
    throw new CodexAuthError("account_not_found", `Invalid index: ${wanted}`, details);
  }
}

const noAccountsHint = "There are no accounts yet. Add one: codex auth login, or codex auth import";

function rowsHint({ pool }: Snapshot): string {
  const rows = pool.accounts.map((account, index) => safe`${index + 1} ${plainName(account)}`);
  if (rows.length === 0) return noAccountsHint;
  const shown = rows.length > 10 ? [...rows.slice(0, 10), `and ${rows.length - 10} more`] : rows;
  return `Accounts: ${shown.join(", ")}`;
}

/** For what cannot be taken back by the same word: a part of a name is not enough. Each account once. */
export function selectWholeAccounts(snapshot: Snapshot, wanted: readonly string[]): Account[] {
  const { accounts } = snapshot.pool;
  const found = wanted.map((word) => {
    const whole = wholeMatch(snapshot, word);
    if (whole) return whole;
    const partly = accounts.filter((account) => hasPart(account, word));
    if (partly.length === 0) throw notFound(word, accounts);
    throw notWhole(word, candidateRows(partly, accounts));
  });
  return [...new Set(found)];
}

/** Null for a word that is at most a part of a name. */
function wholeMatch({ pool: { accounts, previousId } }: Snapshot, wanted: string): Account | null {
  if (wanted === "-") return previousAccount(accounts, previousId);
  const exact = accountsNamed(accounts, wanted);
  if (exact.length > 0) return theOnly(exact, accounts, wanted);
  return isNumber(wanted) ? accountAtRow(accounts, wanted) : null;
}

/** The accounts with exactly this label, e-mail, id or workspace id; seats may share an e-mail or a workspace. */
export function accountsNamed(accounts: readonly Account[], wanted: string): Account[] {
  return accounts.filter((account) => namesOf(account).some((name) => isSameName(name, wanted)));
}

/** The accounts that several words mean, each once; all are found before anything is done to the first. */
export function selectAccounts(snapshot: Snapshot, wanted: readonly string[]): Account[] {
  return [...new Set(wanted.map((word) => selectAccount(snapshot, word)))];
}

function namesOf(account: Account): string[] {
  return [...spokenNames(account), ...idsOf(account)];
}

function spokenNames({ label, login }: Account): string[] {
  return [label, login.email].filter((name) => name !== null);
}

/** Random letters and digits, in which nearly every short word is found somewhere. */
function idsOf({ id, login: { identity } }: Account): string[] {
  return identity.kind === "seat" ? [id, identity.accountId] : [id];
}

/** Anything that looks like a number means a row and is never searched for as text. */
function isNumber(word: string): boolean {
  return /^[+-]?\d+(\.\d*)?$/.test(word);
}

function accountAtRow(accounts: readonly Account[], word: string): Account {
  const account = /^\d+$/.test(word) ? accounts[Number(word) - 1] : undefined;
  if (account) return account;
  throw notFound(word, accounts, []);
}

function previousAccount(accounts: readonly Account[], previousId: string | null): Account {
  const account = accounts.find(({ id }) => id === previousId);
  if (account) return account;
  const hint =
    accounts.length === 0
      ? noAccountsHint
      : "There is no previously active account yet. See the rows: codex auth list";
  throw new CodexAuthError("account_not_found", "No account matches -.", { hint });
}

function theOnly(found: readonly Account[], all: readonly Account[], wanted: string): Account {
  const [first, ...others] = found;
  if (first && others.length === 0) return first;
  const candidates = candidateRows(found, all);
  throw new CodexAuthError("ambiguous_account", `"${wanted}" matches ${found.length} accounts.`, {
    candidates,
    hint: "Use the row number or a longer part of the name. Nothing was changed.",
  });
}

/** For the list below an `ambiguous_account`. */
export function candidateRows(found: readonly Account[], all: readonly Account[]): string[] {
  return found.map((account) => `${all.indexOf(account) + 1}  ${describe(account)}`);
}

/** Two seats of one e-mail differ in plan and workspace, so candidates show these too. */
function describe(account: Account): string {
  const { plan, identity } = account.login;
  const seat = identity.kind === "seat" ? identity.accountId : null;
  return [plainName(account), plan, seat].filter((part) => part !== null).join("  ");
}

function notFound(
  wanted: string,
  accounts: readonly Account[],
  near = nearestNames(accounts, wanted),
): CodexAuthError {
  const others = accounts.length === 0 ? noAccountsHint : "See the accounts: codex auth list";
  const hint = near.length > 0 ? ["Did you mean:", ...near.map((name) => `  ${name}`)].join("\n") : others;
  return new CodexAuthError("account_not_found", `No account matches "${wanted}".`, {
    hint,
    candidates: near,
  });
}

function notWhole(wanted: string, candidates: readonly string[]): CodexAuthError {
  const hint = [
    ...candidates.map((each) => `  ${each}`),
    "remove takes a row, a whole name or a whole id. See them: codex auth list. Nothing was changed.",
  ].join("\n");
  return new CodexAuthError("account_not_found", `No account is named "${wanted}".`, { candidates, hint });
}

/** Up to three names that differ from the word by few letters, or whose first part does. */
function nearestNames(accounts: readonly Account[], wanted: string): string[] {
  const names = [
    ...new Set(accounts.flatMap(({ label, login }) => [label, login.email].filter((name) => name !== null))),
  ];
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return names
    .map((name) => ({ name, distance: nameDistance(name, wanted) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

function nameDistance(name: string, wanted: string): number {
  const [local = name] = name.split("@");
  return Math.min(editDistance(fold(name), fold(wanted)), editDistance(fold(local), fold(wanted)));
}

function isSameName(name: string, wanted: string): boolean {
  return fold(name) === fold(wanted);
}

const shortestStart = 4;

/** Inside a label or an e-mail, or at the start of an id. */
function hasPart(account: Account, wanted: string): boolean {
  const word = fold(wanted);
  if (word === "") return false;
  if (spokenNames(account).some((name) => fold(name).includes(word))) return true;
  return word.length >= shortestStart && idsOf(account).some((id) => fold(id).startsWith(word));
}

function fold(text: string): string {
  return text.toLowerCase();
}

/** A label must never be readable as anything else that may stand for an account, nor play tricks on a terminal. */
export function checkedLabel(name: string): string {
  const label = name.trim();
  const problem = problemOf(label);
  if (problem === null) return label;
  throw new CodexAuthError("label_invalid", `"${safeText(name)}" cannot be a label: ${problem}.`, {
    hint: "Use a short word, for example: codex auth label 2 work",
  });
}

function problemOf(label: string): string | null {
  if (label === "" || label.length > 40) return "it needs 1 to 40 characters";
  if (/^[+-]?\d+(\.\d*)?$/.test(label)) return "it would be read as a row number";
  if (label.startsWith("-")) return "it would be read as an option";
  if (label.includes("@")) return "it would be read as an e-mail address";
  return safeText(label) === label ? null : "it holds characters that a terminal acts on";
}

/** Throws `label_taken` when another account has the label. */
export function refuseTakenLabel(accounts: readonly Account[], own: Account, label: string | null): void {
  if (label === null) return;
  const row = accounts.findIndex((each) => each !== own && each.label?.toLowerCase() === label.toLowerCase());
  if (row === -1) return;
  throw new CodexAuthError("label_taken", `Account ${row + 1} already has the label ${label}.`, {
    hint: `Take it away first: codex auth label ${row + 1} --clear`,
  });
}
