import type { Context } from "../context.ts";
import { accountNames } from "../pool/account.ts";
import type { Zod } from "../program/command.ts";
import { forecastPool } from "../quota/forecast/pool.ts";
import { weekMs } from "../quota/limit.ts";
import type { Ranking } from "../quota/rank.ts";
import { isoTime } from "../text/times.ts";
import { type HistoryOf, type PoolState, readPoolHistory, readPoolState } from "./pool.ts";
import { checkAccounts, failureSchema } from "./probe.ts";
import { quotaSchema, reportQuotas, roundPercent, roundRange } from "./quota.ts";
import { rankPool, recommend, recommendationSchema } from "./recommendation.ts";

/** The sections of `forecast`, and of the forecast in `report`. */
export const forecastSchema = (z: Zod) =>
  z.object({
    accounts: z.array(quotaSchema(z)),
    recommendation: recommendationSchema(z),
    source: z.enum(["cached", "live"]).describe("live: asked over the network for this command"),
    pool: poolSchema(z),
    failures: z
      .array(failureSchema(z).extend({ id: z.string().describe("of the account") }))
      .describe("live: the accounts that could not be asked; their figures are the known ones"),
  });

export type ForecastReport = Awaited<ReturnType<typeof makeForecast>>["forecast"];

/** The whole forecast: from what is known already, or after a question to upstream. */
export async function makeForecast(ctx: Context, isLive: boolean) {
  const failures = isLive ? await askAll(ctx) : [];
  const source = isLive ? ("live" as const) : ("cached" as const);
  const state = await readPoolState(ctx);
  const historyOf = readPoolHistory(ctx, state);
  const ranking = rankPool(state);
  const forecast = { ...reportForecast(state, ranking, historyOf), source, failures };
  return { state, historyOf, ranking, forecast };
}

/** Paused accounts and those that need a new login are not asked: nothing would come of it. */
export async function askAll(ctx: Context) {
  const { accounts } = (await ctx.store.read()).pool;
  const results = await checkAccounts(
    ctx,
    accounts.filter(({ pausedAt, flag }) => pausedAt === null && flag === null),
  );
  return results.flatMap(({ account, failure }) => (failure ? [{ ...failure, id: account.id }] : []));
}

interface Told {
  accounts: readonly { id: string; name: string }[];
  failures: readonly { id: string; message: string }[];
}

/** What a person should know beside the figures. */
export function failureNotes({ accounts, failures }: Told): string[] {
  return failures.map(({ id: failed, message }) => {
    const name = accounts.find(({ id }) => id === failed)?.name ?? failed;
    return `${name} could not be asked: ${message}`;
  });
}

function reportForecast(state: PoolState, ranking: Ranking, historyOf: HistoryOf) {
  const accounts = reportQuotas(state, historyOf);
  const ready = accounts.filter(({ isReady }) => isReady).length;
  return {
    accounts,
    recommendation: recommend(state, ranking),
    pool: reportPool(state, historyOf, ready),
  };
}

/** When is the whole pool dry? */
export const poolSchema = (z: Zod) =>
  z.object({
    accounts: z.int(),
    ready: z.int().describe("accounts that can be used now"),
    isDry: z.boolean().describe("no account can be used now"),
    horizonMs: z.number(),
    dryPercent: z
      .number()
      .nullable()
      .describe(
        "probability that no account can be used at some time before the horizon; null: too little history",
      ),
    dryInMs: z
      .object({ p10: z.number(), p50: z.number(), p90: z.number() })
      .nullable()
      .describe("until then, or the horizon"),
    refills: z
      .array(
        z.object({
          id: z.string().describe("of the account"),
          row: z.int().min(1),
          name: z.string(),
          at: z.iso.datetime(),
          windowMinutes: z.number(),
          refillPercent: z.number(),
        }),
      )
      .describe("quota that comes back by itself, earliest first"),
    gaps: z
      .array(
        z.object({
          from: z.iso.datetime(),
          until: z.iso.datetime().nullable().describe("null: no account comes back by itself"),
          id: z.string().nullable().describe("of the account that is back first"),
          name: z.string().nullable(),
        }),
      )
      .describe(
        "before the horizon: when no account can probably be used; without `dryPercent` only a gap that is there now",
      ),
  });

export type PoolReport = ReturnType<typeof reportPool>;

export function reportPool({ snapshot, candidates, nowMs }: PoolState, historyOf: HistoryOf, ready: number) {
  const usable = candidates.filter(({ unusable }) => unusable === undefined);
  const forecast = usable.length === 0 ? null : forecastPool({ accounts: candidates, nowMs, historyOf });
  const isKnown = forecast !== null && forecast.basis === "analogs" && ready > 0;
  const { accounts } = snapshot.pool;
  const name = accountNames(accounts);
  const rows = new Map(accounts.map(({ id }, index) => [id, index + 1]));
  const { refills = [], gaps = [] } = forecast ?? {};
  return {
    accounts: candidates.length,
    ready,
    isDry: ready === 0,
    horizonMs: weekMs,
    dryPercent: isKnown ? roundPercent(forecast.dryProbability) : null,
    dryInMs: isKnown ? roundRange(forecast.dryInMs) : null,
    refills: refills.map(({ accountId, atMs, windowMinutes, percent }) => ({
      id: accountId,
      row: rows.get(accountId) ?? 0,
      name: name(accountId),
      at: new Date(atMs).toISOString(),
      windowMinutes,
      refillPercent: percent,
    })),
    gaps: gaps
      .filter(({ fromMs }) => fromMs < nowMs + weekMs && (isKnown || fromMs === nowMs))
      .map(({ fromMs, untilMs, accountId }) => ({
        from: new Date(fromMs).toISOString(),
        until: isoTime(untilMs),
        id: accountId,
        name: accountId && name(accountId),
      })),
  };
}
