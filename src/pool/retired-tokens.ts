import { type Account, accountIdOf, fingerprint } from "./account.ts";
import type { Pool } from "./pool.ts";

const accountsKept = 1000;

/** Whether the refresh token of an account is one that is known to be used up: sent again, it ends the login. */
export function holdsSpentToken({ login, spent }: Account): boolean {
  return login.refreshToken !== "" && spent.length > 0 && spent.includes(fingerprint(login.refreshToken));
}

/** Takes an account out of the pool, which goes on remembering the used-up tokens: an old file may bring one back. */
export function retireAccount(pool: Pool, account: Account): void {
  pool.accounts = pool.accounts.filter((each) => each !== account);
  if (account.spent.length === 0) return;
  const id = accountIdOf(account.login.identity);
  // The newest stands last.
  pool.retired.delete(id);
  pool.retired.set(id, account.spent);
  for (const oldest of [...pool.retired.keys()].slice(0, -accountsKept)) pool.retired.delete(oldest);
}

/** Gives an account that came into the pool what is remembered of it; with a used-up token it is flagged. */
export function recallAccount(pool: Pool, account: Account, nowMs: number): void {
  const id = accountIdOf(account.login.identity);
  account.spent = [...new Set([...(pool.retired.get(id) ?? []), ...account.spent])];
  pool.retired.delete(id);
  if (!holdsSpentToken(account)) return;
  account.flag = { reason: "spent", since: new Date(nowMs).toISOString(), evidence: null };
}
