import { flaggedAccounts } from "../../auth/flag-test.ts";
import { probeAccount } from "../../auth/probe.ts";
import { settleFlags } from "../../auth/settle-flags.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { Account } from "../../store/account.ts";
import { backendOf } from "../../upstream/backend.ts";
import type { Scene } from "../scene.ts";

const asked = { isFlagged: true, isAsked: true };

/** Tests one account that was set aside, as `verify-flagged` does. Throws when it stays so. */
export async function retest({ fx, nowMs, config, snapshot }: Scene, id: string | undefined): Promise<void> {
  const baseUrl = backendOf(fx.env, config.settings?.chatgptBaseUrl);
  const ask = (accounts: readonly Account[]) =>
    Promise.all(accounts.map((account) => probeAccount({ ...fx, baseUrl }, account, asked)));
  const accounts = (snapshot?.pool.accounts ?? []).filter((account) => account.id === id);
  const [tested] = await settleFlags(fx.store, flaggedAccounts(accounts, nowMs), { mayRestore: true, ask });
  if (tested?.isRestored) return;
  const why = tested?.verdict.reason ?? "it is no longer in the pool";
  throw new CodexAuthError("login_flagged", `It stays set aside: ${why}.`);
}
