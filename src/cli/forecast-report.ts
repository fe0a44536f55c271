import type { Ranking } from "../accounts/rank.ts";
import { checkAccounts } from "./account-check.ts";
import type { Context } from "./context.ts";
import type { Zod } from "./define-command.ts";
import { poolSchema, reportPool } from "./pool-forecast.ts";
import { readPoolHistory } from "./pool-history.ts";
import type { HistoryOf } from "./pool-history.ts";
import { readPoolState } from "./pool-state.ts";
import type { PoolState } from "./pool-state.ts";
import { failureSchema } from "./probe-report.ts";
import { quotaSchema, reportQuotas } from "./quota-report.ts";
import { rankPool, recommend, recommendationSchema } from "./recommendation.ts";

/** The sections of `forecast`, and of the forecast in `report`. */
export const forecastSchema = (z: Zod) =>
  z.object({
    accounts: z.array(quotaSchema(z)),
    recommendation: recommendationSchema(z),
    source: z.enum(["cached", "live"]).describe("live: asked over the network for this command"),
    pool: poolSchema(z),
    failures: z
      .array(failureSchema(z).extend({ accountId: z.string().describe("`id` of the account") }))
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
async function askAll(ctx: Context) {
  const { accounts } = (await ctx.store.read()).pool;
  const results = await checkAccounts(
    ctx,
    accounts.filter(({ pausedAt, flag }) => pausedAt === null && flag === null),
  );
  return results.flatMap(({ account, failure }) => (failure ? [{ ...failure, accountId: account.id }] : []));
}

interface Told {
  accounts: readonly { id: string; name: string }[];
  failures: readonly { accountId: string; message: string }[];
}

/** What a person should know beside the figures. */
export function failureNotes({ accounts, failures }: Told): string[] {
  return failures.map(({ accountId, message }) => {
    const name = accounts.find(({ id }) => id === accountId)?.name ?? accountId;
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
