import type { Ranking } from "../accounts/rank.ts";
import type { Account } from "../store/account.ts";
import type { Context } from "./context.ts";
import type { Zod } from "./define-command.ts";
import { poolSchema, reportPool } from "./pool-forecast.ts";
import { readPoolHistory } from "./pool-history.ts";
import type { HistoryOf } from "./pool-history.ts";
import { readPoolState } from "./pool-state.ts";
import type { PoolState } from "./pool-state.ts";
import { quotaSchema, reportQuotas } from "./quota-report.ts";
import { rankPool, recommend, recommendationSchema } from "./recommendation.ts";

/** The sections of `forecast`, and of the forecast in `report`. */
export const forecastSchema = (z: Zod) =>
  z.object({
    accounts: z.array(quotaSchema(z)),
    recommendation: recommendationSchema(z),
    source: z.enum(["cached", "live"]).describe("live: asked over the network for this command"),
    pool: poolSchema(z),
  });

export type ForecastReport = Awaited<ReturnType<typeof makeForecast>>["forecast"];

/** Asks upstream for the quota of these accounts and stores the answers. */
type Probe = (ctx: Context, accounts: readonly Account[]) => Promise<void>;

/** The whole forecast: from what is known already, or after a question to upstream. */
export async function makeForecast(ctx: Context, probe: Probe | null = null) {
  if (probe !== null) await probe(ctx, (await ctx.store.read()).pool.accounts);
  const source = probe === null ? ("cached" as const) : ("live" as const);
  const state = await readPoolState(ctx);
  const historyOf = readPoolHistory(ctx, state);
  const ranking = rankPool(state);
  return { state, historyOf, ranking, forecast: { ...reportForecast(state, ranking, historyOf), source } };
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
