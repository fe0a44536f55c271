import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { accountName } from "../store/account-name.ts";
import type { Account } from "../store/account.ts";
import type { Snapshot } from "../store/store.ts";

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
  throw notFound(wanted, nearestNames(accounts, wanted));
}

/** For what cannot be taken back by the same word: a part of a name is not enough. Each account once. */
export function selectWholeAccounts(snapshot: Snapshot, wanted: readonly string[]): Account[] {
  const { accounts } = snapshot.pool;
  const found = wanted.map((word) => {
    const whole = wholeMatch(snapshot, word);
    if (whole) return whole;
    const partly = accounts.filter((account) => hasPart(account, word));
    if (partly.length === 0) throw notFound(word, nearestNames(accounts, word));
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
  throw notFound(word, []);
}

function previousAccount(accounts: readonly Account[], previousId: string | null): Account {
  const account = accounts.find(({ id }) => id === previousId);
  if (account) return account;
  const hint = "There is no previously active account yet. See the rows: codex auth list";
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
  return [accountName(account), plan, seat].filter((part) => part !== null).join("  ");
}

function notFound(wanted: string, near: readonly string[]): CodexAuthError {
  const hint = near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "See the rows: codex auth list";
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

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
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
