import { findWindows, isSameWindow } from "./limit.ts";
import type { Limit } from "./limit.ts";
import { planSize } from "./plan.ts";

/** What the turns of a pool have cost so far; older ones weigh less. */
export interface TurnCosts {
  /** Short windows of a Plus account. */
  readonly burned: number;
  readonly ended: number;
}

export const noTurnCosts: TurnCosts = { burned: 0, ended: 0 };

/** Of a turn about which nothing is known. */
export const usualNeed = 0.01;

const usualWeighs = 10;
const smallestNeed = 0.005;
const largestNeed = 0.3;
const kept = 0.998;

/** What a turn needs, in short windows of a Plus account. */
export function turnNeed({ burned, ended }: TurnCosts): number {
  const mean = (usualNeed * usualWeighs + burned) / (usualWeighs + ended);
  return Math.min(largestNeed, Math.max(smallestNeed, mean));
}

export function withEndedTurn({ burned, ended }: TurnCosts): TurnCosts {
  return { burned: burned * kept, ended: ended * kept + 1 };
}

/** Adds what an account has used between two reports of one window. */
export function withReport(
  costs: TurnCosts,
  plan: string | null,
  before: readonly Limit[],
  after: readonly Limit[],
): TurnCosts {
  const [was, is] = [findWindows(before).short, findWindows(after).short];
  if (was === null || is === null || !isSameWindow(was, is)) return costs;
  const percent = is.usedPercent - was.usedPercent;
  return percent > 0 ? { ...costs, burned: costs.burned + (percent / 100) * planSize(plan) } : costs;
}
