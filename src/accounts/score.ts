import {
  findWindows,
  hasStarted,
  minuteMs,
  usedPercentAt,
  weekMs,
  windowEndMs,
  windowLengthMs,
} from "./limit.ts";
import type { Limit } from "./limit.ts";
import { planSize } from "./plan.ts";

/** A week holds about this many short windows, so the short room is capped by the week's. */
export const shortWindowsPerWeek = 6;

const smallestShare = 0.01;
const smallestLeft = 0.02;

/** Every term of an account's score. Shares are 0 to 1, of a whole window. */
export interface ScoreTerms {
  /** Free share of the short window; 1 when the plan has none or it has not started. */
  readonly shortFree: number;
  /** Free share of the long (weekly) window. */
  readonly weekFree: number;
  /** Share of the week's time that is still to come, .02 to 1; 1 when it has not started. */
  readonly weekLeft: number;
  /** weekFree / weekLeft: above 1, quota would expire unused. */
  readonly pace: number;
  /** What can be used before the short window ends, as a share of a short window. */
  readonly room: number;
  /** Quota in units of a Plus account. */
  readonly size: number;
  /** Other conversations that ran on the account within ten minutes. */
  readonly busy: number;
  /** pace x room / (1 + busy / size). */
  readonly score: number;
  /** The larger of both reported percentages, 0 to 100. */
  readonly usedPercent: number;
  /** Length of the short window; null when the plan has none or it was never seen. */
  readonly shortWindowMinutes: number | null;
  /** When the short and the long window end, epoch ms; null when not started. */
  readonly shortResetsAtMs: number | null;
  readonly weekResetsAtMs: number | null;
}

export interface ScoreInput {
  readonly plan: string | null;
  readonly limits: readonly Limit[];
  readonly otherConversations?: number;
}

/** The terms of one account at `nowMs` for requests under `limitId`. */
export function scoreAccount(input: ScoreInput, nowMs: number, limitId: string): ScoreTerms {
  const { short, long } = findWindows(input.limits, limitId);
  const shortUsed = usedPercentAt(short, nowMs);
  const weekUsed = usedPercentAt(long, nowMs);
  const shortFree = 1 - shortUsed / 100;
  const weekFree = 1 - weekUsed / 100;
  const weekLeft = weekLeftShare(long, nowMs);
  const pace = Math.max(weekFree, smallestShare) / weekLeft;
  const room = Math.max(smallestShare, Math.min(shortFree, shortWindowsPerWeek * weekFree));
  const size = planSize(input.plan);
  const busy = input.otherConversations ?? 0;
  return {
    shortFree,
    weekFree,
    weekLeft,
    pace,
    room,
    size,
    busy,
    score: (pace * room) / (1 + busy / size),
    usedPercent: Math.max(shortUsed, weekUsed),
    shortWindowMinutes: short === null ? null : windowLengthMs(short) / minuteMs,
    shortResetsAtMs: hasStarted(short, nowMs) ? windowEndMs(short) : null,
    weekResetsAtMs: hasStarted(long, nowMs) ? windowEndMs(long) : null,
  };
}

function weekLeftShare(long: Limit | null, nowMs: number): number {
  if (!hasStarted(long, nowMs)) return 1;
  const lengthMs = windowLengthMs(long) || weekMs;
  return Math.min(1, Math.max(smallestLeft, (windowEndMs(long) - nowMs) / lengthMs));
}
