import { currentPlan } from "../accounts/account-news.ts";
import { exhaustedUntilMs, recordReport } from "../accounts/availability.ts";
import type { Availability } from "../accounts/availability.ts";
import { laterBlock } from "../accounts/block.ts";
import type { Block } from "../accounts/block.ts";
import { mergeLimits } from "../accounts/limit.ts";
import type { Limit } from "../accounts/limit.ts";
import type { Candidate } from "../accounts/ranked-account.ts";
import { renewalBlock } from "../auth/renewal-trouble.ts";
import { whyUnusable } from "../auth/unusable.ts";
import type { Account } from "../store/account.ts";
import type { Snapshot } from "../store/store.ts";
import type { AccountUsage, UsageByAccount } from "../store/library-store.ts";
import type { Context } from "./context.ts";
import { readSessionFigures } from "./session-figures.ts";

/** All that is known without a request: the accounts as the ranking sees them, in the order of their rows. */
export interface PoolState {
  snapshot: Snapshot;
  candidates: readonly Candidate[];
  /** What upstream's answers said. */
  usage: UsageByAccount;
  nowMs: number;
  /** Session logs that were found, and those among them whose figures belong to nobody. */
  sessionFiles: number;
  unattributed: number;
}

/**
 * Reads the pool, limits.json and Codex's session logs. What the logs said is kept in the store folder when there is
 * one, so that the next command reads only what is new; nothing else is written.
 */
export async function readPoolState(ctx: Context): Promise<PoolState> {
  const snapshot = await ctx.store.read();
  const { accounts } = snapshot.pool;
  const nowMs = ctx.now();
  const usage = ctx.store.usage();
  const { limits, files, unattributed } = readSessionFigures(ctx, accounts);
  const candidates = accounts.map((account) => {
    const known = usage.get(account.id);
    return candidateOf(account, known, limits.get(account.id) ?? [], nowMs);
  });
  return { snapshot, candidates, usage, nowMs, sessionFiles: files, unattributed };
}

function candidateOf(
  account: Account,
  known: AccountUsage | undefined,
  session: readonly Limit[],
  nowMs: number,
): Candidate {
  const limits = mergeLimits(known?.limits ?? [], session);
  const unusable = whyUnusable(account, nowMs);
  const stored = storedBlock(known?.availability ?? null, limits, nowMs);
  const block = laterBlock(laterBlock(stored, reportedBlock(limits, nowMs)), renewalBlock(account, nowMs));
  const { id, login } = account;
  const plan = currentPlan(login, known?.news);
  return { id, plan, limits, block, ...(unusable === null ? {} : { unusable }) };
}

/** What upstream's answers said, unless a newer report shows that the limit is gone. */
function storedBlock(
  availability: Availability | null,
  limits: readonly Limit[],
  nowMs: number,
): Block | null {
  if (availability === null) return null;
  return recordReport(new Map([["", availability]]), "", limits, nowMs).get("")?.block ?? null;
}

/**
 * For routing a reported 100 % is only advice. Here advice is asked for: to send a person to an account that reports
 * 100 % would be wrong more often than right, and the order of the other accounts is the same.
 */
function reportedBlock(limits: readonly Limit[], nowMs: number): Block | null {
  const untilMs = exhaustedUntilMs(limits, nowMs);
  return untilMs === null ? null : { kind: "exhausted", sinceMs: nowMs, untilMs };
}
