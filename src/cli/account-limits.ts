import { hasStarted, mainLimitId, usedPercentAt } from "../accounts/limit.ts";
import type { Limit } from "../accounts/limit.ts";
import type { Zod } from "./define-command.ts";

export const limitSchema = (z: Zod) =>
  z.object({
    window: z
      .string()
      .describe("`primary` or `secondary`; of another limit than the main one its id, `<id>/secondary`"),
    limitId: z.string().describe("`codex` is the main limit"),
    usedPercent: z.number().min(0).max(100).describe("now: a window whose reset has passed is full again"),
    remainingPercent: z.number().min(0).max(100),
    windowMinutes: z.number().nullable(),
    resetsAt: z.iso.datetime().nullable().describe("null when it is not known, or the reset has passed"),
    observedAt: z.iso.datetime(),
    source: z.string(),
  });

export interface LimitReport {
  window: string;
  limitId: string;
  usedPercent: number;
  remainingPercent: number;
  windowMinutes: number | null;
  resetsAt: string | null;
  observedAt: string;
  source: string;
}

/** What is known about the windows of an account, as of now. */
export function reportLimits(limits: readonly Limit[], nowMs: number): LimitReport[] {
  return limits
    .filter(({ observedAtMs }) => isoTime(observedAtMs) !== null)
    .map((limit) => reportLimit(limit, nowMs));
}

function reportLimit(limit: Limit, nowMs: number): LimitReport {
  const { limitId, window, windowMinutes, resetsAtMs, observedAtMs, source } = limit;
  const usedPercent = usedPercentAt(limit, nowMs);
  return {
    window: limitId === mainLimitId ? window : window === "primary" ? limitId : `${limitId}/${window}`,
    limitId,
    usedPercent,
    remainingPercent: 100 - usedPercent,
    windowMinutes,
    resetsAt: resetsAtMs !== null && hasStarted(limit, nowMs) ? isoTime(resetsAtMs) : null,
    observedAt: isoTime(observedAtMs) ?? "",
    source,
  };
}

/** Null for a number that is no time: what stands in limits.json may be anything. */
export function isoTime(ms: number): string | null {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : null;
}
