import { namesLoginEnd } from "../../errors/failure-rules.ts";
import type { UsageReport } from "../../openai/usage-payload.ts";
import type { Flag } from "../../pool/marks.ts";
import {
  type Availability,
  exhaustedUntilMs,
  failureOf,
  type PoolAvailability,
  recordFailure,
  recordFunds,
  recordLogin,
  recordReport,
  recordSuccess,
} from "../../quota/availability.ts";
import type { AccountNews } from "../../quota/block.ts";
import { type HistoryStep, historySteps } from "../../quota/history.ts";
import { type Limit, mainLimitId, mergeLimits } from "../../quota/limit.ts";
import type { UsageByAccount } from "../../store/library-store.ts";
import { isExhausted, type Probe } from "./probe.ts";

/** Writes down in `usage` what probes have shown about quotas. Returns the steps for the history. */
export function recordProbes(
  usage: UsageByAccount,
  probes: readonly Probe[],
  poolSize: number,
): HistoryStep[] {
  const steps: HistoryStep[] = [];
  let pool = availabilities(usage);
  for (const probe of probes) {
    const { id } = probe.account;
    const known = usage.get(id) ?? { limits: [], availability: null };
    if (probe.kind === "usage") {
      const { limits } = probe.usage;
      steps.push(...historySteps(id, known.limits, limits));
      usage.set(id, { ...known, limits: limitsAfter(known.limits, probe.usage), news: newsOf(probe) });
    }
    pool = withProbe(pool, probe, poolSize);
  }
  for (const [id, availability] of pool) usage.set(id, { limits: [], ...usage.get(id), availability });
  return steps;
}

/** An account that lives on credits has no windows any more, whatever was known of them. */
function limitsAfter(known: readonly Limit[], { limits, hasWindows }: UsageReport): Limit[] {
  return mergeLimits(hasWindows ? known : known.filter(({ limitId }) => limitId !== mainLimitId), limits);
}

function newsOf({ atMs, usage: { plan, credits, hasWindows } }: Probe & { kind: "usage" }): AccountNews {
  return { atMs, plan, credits, hasWindows };
}

function availabilities(usage: UsageByAccount): PoolAvailability {
  const pool = new Map<string, Availability>();
  for (const [id, { availability }] of usage) if (availability) pool.set(id, availability);
  return pool;
}

function withProbe(pool: PoolAvailability, probe: Probe, poolSize: number): PoolAvailability {
  const { id } = probe.account;
  const moment = { accountId: id, nowMs: probe.atMs, poolSize };
  if (probe.kind === "failure") {
    const failure = failureOf(probe.failure.answer, probe.failure);
    return failure ? recordFailure(pool, failure, moment) : pool;
  }
  const { limits, reached } = probe.usage;
  const reported = recordReport(recordSuccess(pool, id), id, limits, probe.atMs);
  if (!isExhausted(probe.usage)) return recordFunds(reported, id);
  const resetsAtMs = exhaustedUntilMs(limits, probe.atMs);
  const failure = {
    kind: "usage-limit",
    resetsAtMs,
    limitId: mainLimitId,
    reached: reached ?? "window",
  } as const;
  return recordFailure(reported, failure, moment);
}

/** The logins of these accounts work again: what they were refused for is over. */
export function recordRestored(usage: UsageByAccount, ids: readonly string[]): void {
  const pool = ids.reduce(recordLogin, availabilities(usage));
  for (const [id, availability] of pool) usage.set(id, { limits: [], ...usage.get(id), availability });
}

/**
 * The flag that a probe's answer asks for; null when the account may stay in use. A token that is refused although the
 * issuer has just given it is upstream's trouble as well as the login's: the account rests, and is not flagged.
 */
export function flagFor(probe: Probe): Flag | null {
  if (probe.kind === "usage") return null;
  const { answer, httpStatus, code } = probe.failure;
  if (answer !== "deactivated" && !(answer === "reauth" && namesLoginEnd(code))) return null;
  const reason = answer === "deactivated" ? "deactivated" : "rejected";
  return { reason, since: new Date(probe.atMs).toISOString(), evidence: `HTTP ${httpStatus} ${code}` };
}
