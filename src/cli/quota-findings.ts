import { remedyFor } from "../auth/remedies.ts";
import type { Finding } from "../errors/finding.ts";
import type { ForecastReport } from "./forecast-report.ts";
import type { PoolState } from "./pool-state.ts";
import type { QuotaReport } from "./quota-report.ts";

/** What a person should know about the quota of the pool. */
export function quotaFindings(
  { accounts, pool, recommendation }: ForecastReport,
  { unattributed, snapshot, nowMs }: Pick<PoolState, "unattributed" | "snapshot" | "nowMs">,
): Finding[] {
  const remedies = new Map(snapshot.pool.accounts.map((each) => [each.id, remedyFor(each, nowMs)]));
  const findings = accounts.flatMap((each) => accountFindings(each, remedies.get(each.id) ?? null));
  if (pool.accounts > 0 && pool.isDry) {
    const { reason } = recommendation;
    const message = `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
    findings.push({ id: "pool_dry", severity: "error", message, fix: recommendation.hint });
  }
  const unknown = accounts.filter(({ isReady, windows }) => isReady && windows.length === 0);
  if (unknown.length > 0) {
    const message = `Nothing is known of the quota of ${unknown.map(nameOf).join(", ")}; it counts as full.`;
    findings.push({ id: "quota_unknown", severity: "info", message, fix: null });
  }
  if (unattributed > 0) {
    const message = `The limits in ${unattributed} session logs belong to no account for certain: an old Codex, a proxy, or a session that was resumed under another login.`;
    findings.push({ id: "sessions_unattributed", severity: "info", message, fix: null });
  }
  return findings;
}

function accountFindings(account: QuotaReport, fix: string | null): Finding[] {
  const { state, stateReason, risk, isReady } = account;
  const name = nameOf(account);
  if (state === "flagged" || state === "expired") {
    const message = `${name}: ${stateReason ?? state}.`;
    return [{ id: `login_${state}`, severity: "warning", message, fix }];
  }
  if (!isReady || risk !== "high") return [];
  const message = `${name} will probably run out before a reset.`;
  return [{ id: "runs_out", severity: "warning", message, fix: "codex auth switch --auto" }];
}

function nameOf({ label, name, row }: QuotaReport): string {
  return `${label ?? name} (row ${row})`;
}
