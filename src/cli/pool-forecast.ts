import { forecastPool } from "../accounts/forecast-pool.ts";
import type { PoolForecast } from "../accounts/forecast-pool.ts";
import { weekMs } from "../accounts/limit.ts";
import { accountNames } from "./account-names.ts";
import type { Zod } from "./define-command.ts";
import type { HistoryOf } from "./pool-history.ts";
import type { PoolState } from "./pool-state.ts";
import { roundPercent, roundRange } from "./quota-report.ts";

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
          accountId: z.string(),
          name: z.string(),
          at: z.iso.datetime(),
          windowMinutes: z.number(),
          refillPercent: z.number(),
        }),
      )
      .describe("quota that comes back by itself, earliest first"),
  });

export function reportPool(state: PoolState, historyOf: HistoryOf, ready: number) {
  const { snapshot, candidates, nowMs } = state;
  const usable = candidates.filter(({ unusable }) => unusable === undefined);
  const forecast = usable.length === 0 ? null : forecastPool({ accounts: candidates, nowMs, historyOf });
  const isKnown = forecast !== null && forecast.basis === "analogs" && ready > 0;
  return {
    accounts: candidates.length,
    ready,
    isDry: ready === 0,
    horizonMs: weekMs,
    dryPercent: isKnown ? roundPercent(forecast.dryProbability) : null,
    dryInMs: isKnown ? roundRange(forecast.dryInMs) : null,
    refills: reportRefills(forecast, accountNames(snapshot.pool.accounts)),
  };
}

function reportRefills(forecast: PoolForecast | null, name: (id: string) => string) {
  return (forecast?.refills ?? []).map(({ accountId, atMs, windowMinutes, percent }) => ({
    accountId,
    name: name(accountId),
    at: new Date(atMs).toISOString(),
    windowMinutes,
    refillPercent: percent,
  }));
}
