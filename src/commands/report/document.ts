import type { Context } from "../../context.ts";
import { examine, plainFinding } from "../../doctor/examine.ts";
import { readFacts } from "../../doctor/facts.ts";
import { loginChecks } from "../../doctor/login-checks.ts";
import type { Finding } from "../../errors/codex-auth-error.ts";
import { runtimeFacts } from "../../machine/processes.ts";
import { accountState } from "../../pool/state.ts";
import type { Zod } from "../../program/command.ts";
import { forecastCourse } from "../../quota/forecast/window.ts";
import { findingSchema } from "../../reports/finding.ts";
import { type ForecastReport, forecastSchema, makeForecast } from "../../reports/forecast.ts";
import type { HistoryOf, PoolState } from "../../reports/pool.ts";
import { type QuotaReport, quotaSchema } from "../../reports/quota.ts";
import { capitalized } from "../../text/words.ts";
import { reportUsage, usageSchema } from "./usage.ts";

export const reportSchema = (z: Zod) =>
  z.object({
    summary: z.object({
      generatedAt: z.iso.datetime(),
      accounts: z.int(),
      ready: z.int(),
      limited: z.int(),
      paused: z.int(),
      flagged: z.int(),
      expired: z.int(),
      unclear: z.int().describe("their renewal had no answer, and rests"),
      backingOff: z.int().describe("the issuer did not serve their renewal, which rests"),
      activeAccountId: z.string().nullable(),
      tokens: z.int().describe("in and out since the first day of `usage`"),
    }),
    accounts: z.array(quotaSchema(z)),
    usage: usageSchema(z),
    forecast: forecastSchema(z)
      .omit({ accounts: true })
      .extend({
        courses: z
          .array(
            z.object({
              accountId: z.string(),
              kind: z.enum(["short", "long"]),
              points: z.array(
                z.object({ at: z.iso.datetime(), p10: z.number(), p50: z.number(), p90: z.number() }),
              ),
            }),
          )
          .describe("percent that is left of a window until its reset, in likely futures"),
      }),
    findings: z.array(findingSchema(z)),
    runtime: z.object({
      version: z.string(),
      nodeVersion: z.string(),
      platform: z.string(),
      codexHome: z.string(),
      storeDir: z.string(),
      sessionFiles: z.int(),
    }),
  });

export type FullReport = Awaited<ReturnType<typeof makeReport>>;

/** Everything that is known, with the usage from `since`, a local day. */
export async function makeReport(ctx: Context, since: string, isLive: boolean) {
  const { state, historyOf, forecast } = await makeForecast(ctx, isLive);
  const { accounts, ...outlook } = forecast;
  const usage = reportUsage(ctx, state, since);
  const { codexHome, storeDir } = ctx.store.paths;
  const { snapshot, nowMs } = state;
  const { findings } = await examine(await readFacts(ctx), loginChecks);
  const count = (wanted: string) => accounts.filter(({ state }) => state === wanted).length;
  return {
    summary: {
      generatedAt: new Date(nowMs).toISOString(),
      accounts: accounts.length,
      ready: outlook.pool.ready,
      limited: count("limited"),
      paused: count("paused"),
      flagged: count("flagged"),
      expired: count("expired"),
      unclear: count("unclear"),
      backingOff: count("backing-off"),
      activeAccountId: snapshot.active?.id ?? null,
      tokens: usage.total.inputTokens + usage.total.outputTokens,
    },
    accounts,
    usage,
    forecast: { ...outlook, courses: accounts.flatMap((account) => coursesOf(account, historyOf, nowMs)) },
    findings: withoutRepeats([...findings.map(plainFinding), ...quotaFindings(forecast, state)]),
    runtime: {
      version: CODEX_AUTH_VERSION,
      ...runtimeFacts(),
      codexHome,
      storeDir,
      sessionFiles: state.sessionFiles,
    },
  };
}

/** An account that doctor names already is not named again for the same trouble. */
function withoutRepeats(findings: readonly Finding[]): Finding[] {
  const isRepeat = ({ id, fix }: Finding, at: number) =>
    fix !== null && findings.findIndex((each) => each.id === id && each.fix === fix) < at;
  return findings.filter((each, at) => !isRepeat(each, at));
}

const courseSteps = 24;

function coursesOf({ id, windows }: QuotaReport, historyOf: HistoryOf, nowMs: number) {
  return windows.flatMap(({ kind, usedPercent, resetsAt, windowMinutes, emptyInMs }) => {
    if (resetsAt === null || emptyInMs === null) return [];
    const history = historyOf(id, windowMinutes);
    const resetsAtMs = Date.parse(resetsAt);
    const points = forecastCourse({ usedPercent, nowMs, resetsAtMs, history }, courseSteps);
    return [{ accountId: id, kind, points: points.map(reportPoint) }];
  });
}

function reportPoint({ atMs, p10, p50, p90 }: { atMs: number; p10: number; p50: number; p90: number }) {
  const oneDecimal = (value: number) => Math.round(value * 10) / 10;
  return {
    at: new Date(atMs).toISOString(),
    p10: oneDecimal(p10),
    p50: oneDecimal(p50),
    p90: oneDecimal(p90),
  };
}

/** What a person should know about the quota of the pool. */
function quotaFindings(
  { accounts, pool, recommendation }: ForecastReport,
  { unattributed, snapshot, nowMs }: Pick<PoolState, "unattributed" | "snapshot" | "nowMs">,
): Finding[] {
  const remedies = new Map(
    snapshot.pool.accounts.map((each) => [each.id, accountState(each, null, nowMs).remedy]),
  );
  const { kind, id: bestId } = recommendation;
  const findings = accounts.flatMap((each) => {
    const canLeave = each.active && kind === "use" && bestId !== each.id;
    const leave = canLeave ? "codex auth switch --auto" : null;
    return accountFindings(each, { signIn: remedies.get(each.id) ?? null, leave });
  });
  if (pool.accounts > 0 && pool.isDry) {
    const { reason } = recommendation;
    const message = `${capitalized(reason)}.`;
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

/** What ends each trouble: a new sign-in, or another account where there is a better one. */
interface Remedies {
  signIn: string | null;
  leave: string | null;
}

function accountFindings(account: QuotaReport, { signIn, leave }: Remedies): Finding[] {
  const { state, stateReason, risk, isReady } = account;
  const name = nameOf(account);
  if (state === "flagged" || state === "expired") {
    const message = `${name}: ${stateReason ?? state}.`;
    return [{ id: `login_${state}`, severity: "warning", message, fix: signIn }];
  }
  if (!isReady || risk !== "high") return [];
  const message = `${name} will probably run out before a reset.`;
  return [{ id: "runs_out", severity: "warning", message, fix: leave }];
}

function nameOf({ label, name, row }: QuotaReport): string {
  return `${label ?? name} (row ${row})`;
}
