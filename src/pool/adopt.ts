import { type AuthDocument, isSameIdentity, type Login } from "../codex/auth-json.ts";
import { isNewer, type Tie } from "../codex/login-documents.ts";
import { type Account, fingerprint, newAccount, repaired } from "./account.ts";
import { type Pool, recallAccount } from "./pool.ts";

/**
 * What a login found outside the pool did to it. `added`: an account that the pool did not know. `updated`: its
 * newer tokens were taken over. `kept`: the pool's are newer. `same`: nothing to do.
 */
type AdoptionOutcome = "added" | "updated" | "kept" | "same";

export interface Adoption {
  outcome: AdoptionOutcome;
  account: Account;
  /** The login that lost, when it has a refresh token that may still be good. */
  displaced: AuthDocument | null;
}

/** Takes a login into the pool, adding the account when it is unknown. Never an older token over a newer one. */
export function adopt(pool: Pool, login: Login, options: { nowMs: number; tie: Tie }): Adoption {
  const account = findAccount(pool, login);
  if (account) return adoptKnown(account, login, options);
  const added = newAccount(login, options.nowMs);
  pool.accounts.push(added);
  recallAccount(pool, added, options.nowMs);
  return { outcome: "added", account: added, displaced: null };
}

/** Takes in a login that a person has just made: it replaces what the pool holds, whatever the dates of the two say. */
export function adoptNewLogin(pool: Pool, login: Login, nowMs: number): Adoption {
  const account = findAccount(pool, login);
  if (!account) return adopt(pool, login, { nowMs, tie: "login" });
  const isSame = isSameDocument(account.auth, repaired(login));
  const displaced = worthKeeping(account.login, account, login);
  account.auth = repaired(login);
  account.flag = null;
  account.refresh = null;
  return { outcome: isSame ? "same" : "updated", account, displaced };
}

/** The account that a login belongs to. The active one is tried first, which spares decoding the tokens of the others. */
export function findAccount({ accounts, activeId }: Pool, { identity }: Login): Account | undefined {
  const isWanted = (account: Account) => isSameIdentity(account.login.identity, identity);
  const active = accounts.find(({ id }) => id === activeId);
  return active && isWanted(active) ? active : accounts.find(isWanted);
}

function adoptKnown(account: Account, login: Login, options: { nowMs: number; tie: Tie }): Adoption {
  if (isSameDocument(account.auth, repaired(login))) return { outcome: "same", account, displaced: null };
  const older = account.login;
  if (!supersedes(login, account, options)) {
    return { outcome: "kept", account, displaced: worthKeeping(login, account, account.login) };
  }
  const displaced = worthKeeping(older, account, login);
  replaceLogin(account, login);
  return { outcome: "updated", account, displaced };
}

/** Another refresh token ends what was known about the old one: a flag, an interrupted refresh. */
export function replaceLogin(account: Account, login: Login): void {
  if (login.refreshToken !== account.login.refreshToken) {
    account.flag = null;
    account.refresh = null;
  }
  account.auth = repaired(login);
}

/** Whether `login` is to replace what the pool holds for the same identity. */
function supersedes(
  login: Login,
  { login: held, spent }: Account,
  options: { nowMs: number; tie: Tie },
): boolean {
  // A lease, or a login cut down by another tool, must not displace one that can renew itself.
  if (login.refreshToken === "" && held.refreshToken !== "") return false;
  if (held.refreshToken === "" && login.refreshToken !== "") return true;
  if (isSpent(login, spent)) return false;
  if (isSpent(held, spent)) return true;
  return isNewer(login, held, options);
}

function worthKeeping(loser: Login, { spent }: Account, winner: Login): AuthDocument | null {
  const { refreshToken } = loser;
  if (refreshToken === "" || refreshToken === winner.refreshToken) return null;
  return isSpent(loser, spent) ? null : loser.document;
}

function isSpent({ refreshToken }: Login, spent: readonly string[]): boolean {
  return spent.length > 0 && spent.includes(fingerprint(refreshToken));
}

/** Equal in meaning: the order of keys and the layout of the text do not count. */
export function isSameDocument(a: AuthDocument, b: AuthDocument): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
