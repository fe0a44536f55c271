import { flaggedAccounts, settleFlags } from "../../auth/probe/flags.ts";
import { probeAccount } from "../../auth/probe/probe.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { backendOf } from "../../openai/backend.ts";
import type { Account } from "../../pool/account.ts";
import type { Facts } from "../facts.ts";

const asked = { isFlagged: true, isAsked: true };

/** Tests one account that needs a new sign-in, as `verify-flagged` does. Throws when it stays so. */
export async function retest({ ctx, config }: Facts, id: string): Promise<void> {
  const baseUrl = backendOf(ctx.env, config.settings?.chatgptBaseUrl);
  const ask = (accounts: readonly Account[]) =>
    Promise.all(accounts.map((account) => probeAccount({ ...ctx, baseUrl }, account, asked)));
  const { pool } = await ctx.store.read();
  const accounts = pool.accounts.filter((account) => account.id === id);
  const [tested] = await settleFlags(ctx.store, flaggedAccounts(accounts, ctx.now()), {
    mayRestore: true,
    ask,
  });
  if (tested?.isRestored) return;
  const why = tested?.verdict.reason ?? "it is no longer in the pool";
  throw new CodexAuthError("login_flagged", `It still needs a new sign-in: ${why}.`);
}
