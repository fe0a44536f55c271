import type { Account } from "../store/account.ts";

/** Names for sentences: the label, else the e-mail; with its row where an e-mail has several seats. */
export function accountNames(accounts: readonly Account[]): (id: string) => string {
  const names = new Map<string, string>();
  const seats = new Map<string | null, number>();
  for (const { login } of accounts) seats.set(login.email, (seats.get(login.email) ?? 0) + 1);
  for (const [index, { id, label, login }] of accounts.entries()) {
    const isShared = (seats.get(login.email) ?? 0) > 1;
    const email = login.email ?? id;
    names.set(id, label ?? (isShared ? `${email} (row ${index + 1})` : email));
  }
  return (id) => names.get(id) ?? id;
}
