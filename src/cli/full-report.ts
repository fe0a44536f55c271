import { examine, plainFinding } from "../repair/examine.ts";
import { loginChecks } from "../repair/login-checks.ts";
import { openScene } from "../repair/scene.ts";
import { forecastCourse } from "../accounts/forecast-course.ts";
import { runtimeFacts } from "../store/runtime.ts";
import type { Context } from "./context.ts";
import type { Zod } from "./define-command.ts";
import { findingSchema } from "./finding.ts";
import { forecastSchema, makeForecast } from "./forecast-report.ts";
import type { HistoryOf } from "./pool-history.ts";
import { quotaFindings } from "./quota-findings.ts";
import { quotaSchema } from "./quota-report.ts";
import type { QuotaReport } from "./quota-report.ts";
import { reportUsage, usageSchema } from "./usage-report.ts";

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
  const { findings } = await examine(await openScene(ctx), loginChecks);
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
    findings: [...findings.map(plainFinding), ...quotaFindings(forecast, state)],
    runtime: {
      version: CODEX_AUTH_VERSION,
      ...runtimeFacts(),
      codexHome,
      storeDir,
      sessionFiles: state.sessionFiles,
    },
  };
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
