import type { Flag } from "../store/refresh-mark.ts";
import type { Draft, Store } from "../store/store.ts";
import { judgeFlag } from "./flag-test.ts";
import type { FlaggedAccount, FlagVerdict } from "./flag-test.ts";
import { flagFor, recordRestored } from "./probe-record.ts";
import type { Probe } from "./probe.ts";
import type { Account } from "../store/account.ts";

export interface TestedFlag extends FlaggedAccount {
  probe: Probe | undefined;
  verdict: FlagVerdict;
  isRestored: boolean;
}

/** Asks about accounts that were set aside, and puts the healthy ones back into use. */
export async function settleFlags(
  store: Store,
  flagged: readonly FlaggedAccount[],
  { mayRestore, ask }: { mayRestore: boolean; ask: (accounts: readonly Account[]) => Promise<Probe[]> },
): Promise<TestedFlag[]> {
  const testable = flagged.filter(({ test }) => test !== "none").map(({ account }) => account);
  const probes = await ask(testable);
  // One that was only renewed was never out of use.
  const isKept = ({ flag }: FlaggedAccount) => mayRestore || flag === null;
  const tested = flagged.map((each) => {
    const probe = probes.find(({ account }) => account.id === each.account.id);
    const verdict = judgeFlag(each, probe);
    return { ...each, probe, verdict, isRestored: isKept(each) && verdict.isHealthy && verdict.isLasting };
  });
  if (probes.length > 0)
    await store.transaction("verify-flagged", (draft) => {
      for (const { probe, flag, isRestored } of tested) {
        const found = probe ? (flagFor(probe) ?? flag) : null;
        // A renewal that was tested only may have set its account aside by itself.
        if (probe && (flag || found)) settleFlag(draft, probe, isRestored ? null : found);
      }
    });
  const restored = tested.filter(({ isRestored }) => isRestored).map(({ account }) => account.id);
  if (restored.length > 0) await store.updateUsage((usage) => recordRestored(usage, restored));
  return tested;
}

/** A renewal has taken the flag away; whether it comes back is decided here, unless there is another login by now. */
function settleFlag({ pool }: Draft, { account: { id }, login }: Probe, flag: Flag | null): void {
  const account = pool.accounts.find((each) => each.id === id);
  if (account?.login.accessToken !== login.accessToken) return;
  account.flag = flag === null ? null : (account.flag ?? flag);
}
