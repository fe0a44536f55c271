import type { Probe, ProbeOptions } from "../auth/probe.ts";
import { flagFor } from "../auth/probe-record.ts";
import type { Account } from "../store/account.ts";
import type { Context } from "./context.ts";
import { hasUsage, probeAccounts } from "./live-probe.ts";
import { reportResults } from "./probe-report.ts";
import type { ResultReport } from "./probe-report.ts";

/** Asks upstream about accounts, keeps what it says about their quotas, and sets aside those that it refuses for good. */
export async function checkAccounts(
  ctx: Context,
  accounts: readonly Account[],
  options: Pick<ProbeOptions, "isAsked" | "asksWorkspace"> = {},
): Promise<ResultReport[]> {
  const probes = await probeAccounts(ctx, accounts.filter(hasUsage), options);
  await setAside(ctx, probes);
  return await reportResults(ctx, accounts, probes);
}

/** Flags what upstream refused for good, unless the account has another token by now. */
async function setAside(ctx: Context, probes: readonly Probe[]): Promise<void> {
  const refused = probes.filter((probe) => flagFor(probe) !== null);
  if (refused.length === 0) return;
  await ctx.store.transaction("check", ({ pool }) => {
    for (const probe of refused) {
      const account = pool.accounts.find(({ id }) => id === probe.account.id);
      if (account?.login.accessToken === probe.login.accessToken) account.flag ??= flagFor(probe);
    }
  });
}
