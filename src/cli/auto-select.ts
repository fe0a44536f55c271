import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../store/account.ts";
import type { Context } from "./context.ts";
import { relativeText } from "../ui/time.ts";
import { readPoolState } from "./pool-state.ts";
import { rankPool, recommend } from "./recommendation.ts";

/** The account that `forecast` recommends, and why. Throws `no_account_ready` when none can serve now. */
export async function autoSelect(ctx: Context): Promise<{ account: Account; reason: string }> {
  const state = await readPoolState(ctx);
  const { kind, accountId, reason, until, hint } = recommend(state, rankPool(state));
  const account = state.snapshot.pool.accounts.find(({ id }) => id === accountId);
  if (kind === "use" && account !== undefined) return { account, reason };
  const back = until === null ? "" : ` (${relativeText(until, state.nowMs)})`;
  const sentence = `${reason.charAt(0).toUpperCase()}${reason.slice(1)}${back}.`;
  throw new CodexAuthError("no_account_ready", `${sentence} Nothing was switched.`, {
    hint:
      (hint && `What helps: ${hint}`) ??
      "To switch all the same: codex auth switch <account>. Why: codex auth why",
  });
}
