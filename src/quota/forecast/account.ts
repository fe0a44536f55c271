import { activeBlock, type Block } from "../block.ts";
import {
  findWindows,
  hasStarted,
  type Limit,
  mainLimitId,
  minuteMs,
  usedPercentAt,
  windowEndMs,
  windowLengthMs,
} from "../limit.ts";
import type { UsageHistory } from "./past.ts";
import { forecastWindow, type WindowForecast } from "./window.ts";

/** How likely it is that the account runs out before a reset: under 20 %, under 60 %, above; or empty now. */
export type Risk = "low" | "medium" | "high" | "empty";

export interface LimitForecast {
  readonly limit: Limit;
  readonly usedPercent: number;
  readonly remainingPercent: number;
  /** Null when the window has not started. */
  readonly resetsAtMs: number | null;
  /** Null when there is nothing left to forecast, or the window has not started. */
  readonly forecast: WindowForecast | null;
}

export interface AccountForecast {
  /** Null when the plan has no such window or it was never reported. */
  readonly short: LimitForecast | null;
  readonly long: LimitForecast | null;
  readonly risk: Risk;
  /** Null: now. Else when the block or the exhausted windows end. */
  readonly readyAtMs: number | null;
  readonly block: Block | null;
}

export interface AccountForecastInput {
  readonly limits: readonly Limit[];
  readonly block: Block | null;
  readonly nowMs: number;
  /** The history of a window of this length, see `binHistory`. */
  readonly historyOf: (windowMinutes: number) => UsageHistory;
  readonly limitId?: string;
}

/** Both windows of an account: what is left, until when, and whether it will last. */
export function forecastAccount(input: AccountForecastInput): AccountForecast {
  const { limits, nowMs, limitId = mainLimitId } = input;
  const windows = findWindows(limits, limitId);
  const short = forecastLimit(windows.short, input);
  const long = forecastLimit(windows.long, input);
  const block = activeBlock(input.block, nowMs, limitId);
  return { short, long, block, risk: findRisk([short, long]), readyAtMs: findReadyMs([short, long], block) };
}

function forecastLimit(
  limit: Limit | null,
  { nowMs, historyOf }: AccountForecastInput,
): LimitForecast | null {
  if (limit === null) return null;
  const usedPercent = usedPercentAt(limit, nowMs);
  const about = { limit, usedPercent, remainingPercent: 100 - usedPercent };
  if (!hasStarted(limit, nowMs)) return { ...about, resetsAtMs: null, forecast: null };
  const resetsAtMs = windowEndMs(limit);
  if (usedPercent >= 100) return { ...about, resetsAtMs, forecast: null };
  const history = historyOf(windowLengthMs(limit) / minuteMs);
  return { ...about, resetsAtMs, forecast: forecastWindow({ usedPercent, nowMs, resetsAtMs, history }) };
}

function findRisk(windows: readonly (LimitForecast | null)[]): Risk {
  if (windows.some((each) => each?.remainingPercent === 0)) return "empty";
  const probability = Math.max(0, ...windows.map((each) => each?.forecast?.hitProbability ?? 0));
  if (probability >= 0.6) return "high";
  return probability >= 0.2 ? "medium" : "low";
}

function findReadyMs(windows: readonly (LimitForecast | null)[], block: Block | null): number | null {
  let readyAtMs = block?.untilMs ?? null;
  for (const each of windows) {
    if (each === null || each.remainingPercent > 0 || each.resetsAtMs === null) continue;
    readyAtMs = Math.max(readyAtMs ?? 0, each.resetsAtMs);
  }
  return readyAtMs;
}
