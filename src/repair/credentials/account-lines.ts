import { accountName } from "../../store/account-name.ts";
import type { Scene } from "../scene.ts";
import { shellWord } from "../shell-word.ts";

const shown = 8;

/** The accounts that one can switch to, a line each. */
export function accountLines({ snapshot }: Scene): string[] {
  const accounts = snapshot?.pool.accounts ?? [];
  const lines = accounts.slice(0, shown).map((account) => `in the pool: ${accountName(account)}`);
  return accounts.length > shown ? [...lines, `and ${accounts.length - shown} more`] : lines;
}

/** With the account that was active last, or the first one; without any, a new login. */
export function switchCommand({ snapshot }: Scene): string {
  const pool = snapshot?.pool;
  const lastId = pool?.activeId ?? pool?.previousId;
  const account = pool?.accounts.find(({ id }) => id === lastId) ?? pool?.accounts[0];
  return account ? `codex auth switch ${shellWord(account.id)}` : "codex auth login --switch";
}
