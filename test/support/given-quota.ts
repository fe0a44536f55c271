import type { Candidate } from "../../src/quota/candidate.ts";
import { hourMs, type Limit, minuteMs, weekMs } from "../../src/quota/limit.ts";
import type { RankRequest } from "../../src/quota/rank.ts";

/** A Friday noon, UTC. */
export const nowMs = Date.UTC(2026, 10, 20, 12);

export function shortLimit(usedPercent: number, resetsInMs = 2 * hourMs, over: Partial<Limit> = {}): Limit {
  return {
    limitId: "codex",
    window: "primary",
    usedPercent,
    windowMinutes: 300,
    resetsAtMs: nowMs + resetsInMs,
    observedAtMs: nowMs - minuteMs,
    source: "headers",
    ...over,
  };
}

export function weekLimit(usedPercent: number, resetsInMs = weekMs / 2, over: Partial<Limit> = {}): Limit {
  return shortLimit(usedPercent, resetsInMs, { window: "secondary", windowMinutes: 10_080, ...over });
}

/** A Plus account, five hours and a week, each used by so many percent. */
export function account(
  id: string,
  [shortUsed, weekUsed]: readonly [number, number],
  over: Partial<Candidate> = {},
): Candidate {
  return { id, plan: "plus", limits: [shortLimit(shortUsed), weekLimit(weekUsed)], block: null, ...over };
}

export function request(over: Partial<RankRequest> = {}): RankRequest {
  return { homeId: null, idleMs: 0, isTurnStart: true, triedIds: new Set(), ...over };
}
