import { clockText, isoTime } from "../text/times.ts";
import type { Zod } from "../program/command.ts";
import type { Account } from "../pool/account.ts";
import { accountState } from "../pool/state.ts";
import { returnWords, whyBlocked } from "../quota/block.ts";
import type { Candidate } from "../quota/candidate.ts";
import { type AccountForecast, forecastAccount, type LimitForecast } from "../quota/forecast/window.ts";
import { BurnHistory, type UsageHistory } from "../quota/forecast/past.ts";
import { minuteMs, windowLengthMs } from "../quota/limit.ts";
import { accountSchema, reportLimits, reportOf, stateName } from "./account.ts";
import type { HistoryOf, PoolState } from "./pool.ts";

const rangeSchema = (z: Zod) => z.object({ p10: z.number(), p50: z.number(), p90: z.number() });

const windowSchema = (z: Zod) =>
  z.object({
    kind: z.enum(["short", "long"]),
    window: z.string().describe("slot of the report: primary, secondary"),
    windowMinutes: z.number(),
    usedPercent: z.number().min(0).max(100),
    remainingPercent: z.number().min(0).max(100),
    resetsAt: z.iso.datetime().nullable().describe("null: not started, so all of it is there"),
    observedAt: z.iso.datetime(),
    ageMs: z.number().describe("age of the figure"),
    source: z.string(),
    emptyInMs: rangeSchema(z).nullable().describe("until it is empty or resets; null: nothing to forecast"),
    runsOutPercent: z
      .number()
      .min(0)
      .max(100)
      .nullable()
      .describe("probability that it is empty before its reset"),
    basis: z
      .enum(["analogs", "rate"])
      .nullable()
      .describe("rate: too little history, so the last two hours go on"),
    historyDays: z.number().nullable(),
    isHistoryShort: z.boolean(),
  });

/** An account with what its windows hold and how long that will last. */
export const quotaSchema = (z: Zod) =>
  accountSchema(z).extend({
    isReady: z.boolean().describe("it can be used now"),
    readyAt: z.iso.datetime().nullable().describe("when a limit ends that stops it now"),
    isReadyAtGuessed: z.boolean().describe("OpenAI named no time: readyAt is when it is tried again"),
    risk: z.enum(["low", "medium", "high", "empty", "unknown"]).describe("of running out before a reset"),
    windows: z.array(windowSchema(z)).describe("of the main limit; empty when nothing is known"),
  });

export type QuotaReport = ReturnType<typeof reportQuota>;

/** Every account of the pool in the order of the rows. */
export function reportQuotas(state: PoolState, historyOf: HistoryOf) {
  return state.candidates.map((_, index) => reportQuota(state, index, historyOf));
}

function reportQuota(state: PoolState, index: number, historyOf: HistoryOf) {
  const { snapshot, nowMs, usage } = state;
  // The candidates stand in the order of the rows.
  const account = snapshot.pool.accounts[index];
  const candidate = state.candidates[index];
  if (account === undefined || candidate?.id !== account.id) throw new Error(`no account ${candidate?.id}`);
  const { limits, block } = candidate;
  const forecast = forecastAccount({
    limits,
    block,
    nowMs,
    historyOf: (windowMinutes) => historyOf(candidate.id, windowMinutes),
  });
  const windows = reportWindows(forecast, candidate.id, { nowMs, historyOf });
  return {
    ...reportOf(snapshot, account, nowMs, usage),
    ...quotaState(account, candidate, nowMs),
    limits: reportLimits(limits, nowMs),
    risk: isForecast(windows, forecast) ? forecast.risk : ("unknown" as const),
    windows,
  };
}

/** The state of an account, with what its quota adds to it. */
export function quotaState(account: Account, { unusable, block }: Candidate, nowMs: number) {
  const state = accountState(account, block, nowMs);
  const isReady = state.kind === "ready";
  const { untilMs } = state;
  const readyAt = isReady || untilMs === null ? null : new Date(untilMs).toISOString();
  const blocked =
    state.block && `${whyBlocked(state.block)}, ${returnWords(state.block, clockText(readyAt ?? "", nowMs))}`;
  return {
    state: stateName(state.kind),
    stateReason: isReady ? null : (unusable ?? blocked),
    isReady,
    readyAt,
    isReadyAtGuessed: state.block?.isGuess ?? false,
  };
}

/** Whether anything can be said: a window that has begun needs a history. */
function isForecast(windows: readonly { emptyInMs: object | null }[], { risk }: AccountForecast): boolean {
  return risk === "empty" || windows.some(({ emptyInMs }) => emptyInMs !== null);
}

interface Known {
  nowMs: number;
  historyOf: HistoryOf;
}

function reportWindows({ short, long }: AccountForecast, id: string, known: Known) {
  return [
    ...(short === null ? [] : [reportWindow("short" as const, short, { id, ...known })]),
    ...(long === null ? [] : [reportWindow("long" as const, long, { id, ...known })]),
  ];
}

function reportWindow(kind: "short" | "long", about: LimitForecast, known: Known & { id: string }) {
  const { limit, usedPercent, remainingPercent, resetsAtMs } = about;
  const { id, nowMs, historyOf } = known;
  const windowMinutes = windowLengthMs(limit) / minuteMs;
  // Without a single step of history the rate is 0, which would be a promise.
  const forecast = about.forecast && hasHistory(historyOf(id, windowMinutes)) ? about.forecast : null;
  return {
    kind,
    window: limit.window,
    windowMinutes,
    usedPercent,
    remainingPercent,
    resetsAt: isoTime(resetsAtMs),
    observedAt: new Date(limit.observedAtMs).toISOString(),
    ageMs: Math.max(0, nowMs - limit.observedAtMs),
    source: limit.source,
    emptyInMs: forecast && roundRange(forecast.emptyInMs),
    runsOutPercent: forecast && roundPercent(forecast.hitProbability),
    basis: forecast?.basis ?? null,
    historyDays: forecast && Math.round(forecast.historyDays * 10) / 10,
    isHistoryShort: forecast?.isHistoryShort ?? true,
  };
}

function hasHistory(history: UsageHistory): boolean {
  if (history instanceof BurnHistory) return history.burns.length > 0;
  return Array.from(history.percentPerBin).some((percent) => percent > 0);
}

export function roundRange({ p10, p50, p90 }: { p10: number; p50: number; p90: number }) {
  return { p10: Math.round(p10), p50: Math.round(p50), p90: Math.round(p90) };
}

/** A probability as a percentage with one decimal. */
export function roundPercent(share: number): number {
  return Math.round(share * 1000) / 10;
}
