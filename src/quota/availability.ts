import type { FailureKind } from "../errors/failure-rules.ts";
import {
  authBlock,
  backoffMs,
  type Block,
  exhaustedBlock,
  longerBlock,
  type ReachedKind,
  shortestBackoffMs,
  transientBlock,
} from "./block.ts";
import { findWindows, hasStarted, type Limit, mainLimitId, minuteMs, windowEndMs } from "./limit.ts";

/** What upstream's answers say about one account. */
export interface Availability {
  readonly block: Block | null;
  /** Failures of upstream (5xx, network) since the last success. */
  readonly upstreamFailures: number;
  readonly lastUpstreamFailureMs: number | null;
  /** Refusals of the login since the last success or login. */
  readonly authFailures: number;
}

/** By account id. An account that never failed need not be there. */
export type PoolAvailability = ReadonlyMap<string, Availability>;

export type Failure =
  /** The quota is used up; `resetsAtMs` as the answer said, null when it did not. */
  | {
      readonly kind: "usage-limit";
      readonly resetsAtMs: number | null;
      readonly limitId?: string;
      readonly reached?: ReachedKind;
    }
  /** Another 429. */
  | { readonly kind: "slow-down"; readonly retryAfterMs: number | null }
  /** 5xx, or no answer. */
  | { readonly kind: "upstream" }
  /** 401 after a refresh. */
  | { readonly kind: "auth" };

export interface FailureMoment {
  readonly accountId: string;
  readonly nowMs: number;
  /** Accounts in the pool: in a small one fewer failures mean that upstream itself is down. */
  readonly poolSize: number;
  /** Other requests of the account are served or in flight, so a failure of upstream says little about it. */
  readonly isServing?: boolean;
}

const untouched: Availability = {
  block: null,
  upstreamFailures: 0,
  lastUpstreamFailureMs: null,
  authFailures: 0,
};

const upstreamWideAccounts = 3;
const upstreamWideSpanMs = minuteMs;

/** What a failed request means for the pool. The state before is left as it was. */
export function recordFailure(
  pool: PoolAvailability,
  failure: Failure,
  moment: FailureMoment,
): PoolAvailability {
  const { accountId, nowMs } = moment;
  const before = pool.get(accountId) ?? untouched;
  if (failure.kind === "upstream") return recordUpstreamFailure(pool, before, moment);
  return withAccount(pool, accountId, {
    ...before,
    authFailures: before.authFailures + (failure.kind === "auth" ? 1 : 0),
    block: longerBlock(before.block, blockAfter(failure, before, nowMs)),
  });
}

/** The account answered: its counts start again. A block stays, it was set by another answer. */
export function recordSuccess(pool: PoolAvailability, accountId: string): PoolAvailability {
  const before = pool.get(accountId);
  if (before === undefined) return pool;
  if (before.upstreamFailures === 0 && before.authFailures === 0) return pool;
  return withAccount(pool, accountId, { ...before, upstreamFailures: 0, authFailures: 0 });
}

/** A new login ends what the old one was refused for; quota and upstream trouble stay. */
export function recordLogin(pool: PoolAvailability, accountId: string): PoolAvailability {
  const before = pool.get(accountId);
  if (before === undefined) return pool;
  const isAuthBlock = before.block?.kind === "auth";
  return withAccount(pool, accountId, {
    ...before,
    authFailures: 0,
    block: isAuthBlock ? null : before.block,
  });
}

/** A report newer than the block that shows no exhausted window lifts it: limits are sometimes reset unannounced. */
export function recordReport(
  pool: PoolAvailability,
  accountId: string,
  limits: readonly Limit[],
  nowMs: number,
): PoolAvailability {
  const before = pool.get(accountId);
  if (!before?.block || before.block.kind !== "exhausted" || isAboutMoney(before.block)) return pool;
  const { sinceMs, limitId = mainLimitId } = before.block;
  const fresh = limits.filter((limit) => limit.limitId === limitId && limit.observedAtMs > sinceMs);
  if (fresh.length === 0 || fresh.some((limit) => isExhausted(limit, nowMs))) return pool;
  return withAccount(pool, accountId, { ...before, block: null });
}

/** Upstream serves the account again: credits were added, or a spend cap raised. Windows say nothing of that. */
export function recordFunds(pool: PoolAvailability, accountId: string): PoolAvailability {
  const before = pool.get(accountId);
  if (!before?.block || !isAboutMoney(before.block)) return pool;
  return withAccount(pool, accountId, { ...before, block: null });
}

function isAboutMoney({ reached = "window" }: Block): boolean {
  return reached !== "window";
}

function isExhausted(limit: Limit, nowMs: number): boolean {
  return limit.usedPercent >= 100 && hasStarted(limit, nowMs);
}

/** When the exhausted windows of a report are all free again, or null when none is exhausted. */
export function exhaustedUntilMs(limits: readonly Limit[], nowMs: number, limitId?: string): number | null {
  const { short, long } = findWindows(limits, limitId);
  let untilMs: number | null = null;
  for (const limit of [short, long]) {
    if (limit === null || !isExhausted(limit, nowMs)) continue;
    untilMs = Math.max(untilMs ?? 0, windowEndMs(limit));
  }
  return untilMs;
}

/** Accounts that fail together are not at fault, so each that failed waits for a moment only. */
function recordUpstreamFailure(
  pool: PoolAvailability,
  before: Availability,
  { accountId, nowMs, poolSize, isServing = false }: FailureMoment,
): PoolAvailability {
  const blocked = {
    upstreamFailures: before.upstreamFailures + 1,
    block: longerBlock(before.block, transientBlock(nowMs, backoffMs(before.upstreamFailures))),
  };
  const failed = withAccount(pool, accountId, {
    ...before,
    lastUpstreamFailureMs: nowMs,
    ...(isServing ? {} : blocked),
  });
  const recent = [...failed].filter(([, each]) => failedSince(each, nowMs - upstreamWideSpanMs));
  if (recent.length < Math.min(upstreamWideAccounts, poolSize)) return failed;
  const wide = new Map(failed);
  for (const [id, each] of recent)
    wide.set(id, soften(each, before.upstreamFailures, id === accountId, nowMs));
  return wide;
}

function soften(each: Availability, failuresBefore: number, isLast: boolean, nowMs: number): Availability {
  // The failure that proved upstream to be down does not count against its account.
  const upstreamFailures = isLast ? failuresBefore : each.upstreamFailures;
  if (each.block?.kind !== "transient") return { ...each, upstreamFailures };
  const untilMs = Math.min(each.block.untilMs, nowMs + shortestBackoffMs);
  return { ...each, upstreamFailures, block: { ...each.block, untilMs } };
}

function failedSince(each: Availability, sinceMs: number): boolean {
  return each.lastUpstreamFailureMs !== null && each.lastUpstreamFailureMs > sinceMs;
}

type AccountFailure = Exclude<Failure, { kind: "upstream" }>;

function blockAfter(failure: AccountFailure, before: Availability, nowMs: number): Block {
  if (failure.kind === "usage-limit") return exhaustedBlock(failure, nowMs);
  if (failure.kind === "auth") return authBlock(nowMs, before.authFailures);
  return transientBlock(nowMs, failure.retryAfterMs ?? backoffMs(before.upstreamFailures));
}

function withAccount(pool: PoolAvailability, id: string, availability: Availability): PoolAvailability {
  return new Map(pool).set(id, availability);
}

interface FailureTimes {
  readonly resetsAtMs: number | null;
  readonly retryAfterMs: number | null;
  readonly limitId?: string;
}

/** What a classified answer means for the account that gave it; null when it says nothing about when it serves again. */
export function failureOf(kind: FailureKind | null, times: FailureTimes): Failure | null {
  const { resetsAtMs, retryAfterMs, limitId = mainLimitId } = times;
  if (kind === "usageLimit") return { kind: "usage-limit", resetsAtMs, limitId };
  if (kind === "rateLimit" || kind === "slowDown") return { kind: "slow-down", retryAfterMs };
  if (kind === "reauth") return { kind: "auth" };
  // Not `network`: a machine that is offline tells nothing about an account.
  const isUpstream = ["blocked", "overloaded", "server", "stream", "unknown"].some((each) => each === kind);
  return isUpstream ? { kind: "upstream" } : null;
}
