import type { Limit } from "../accounts/limit.ts";
import { normalizeLimitId, readSnapshot } from "../accounts/limit-report.ts";
import { field, readText } from "../accounts/unknown-value.ts";
import { readCredits } from "../accounts/credits.ts";
import type { Credits } from "../accounts/credits.ts";

/** A `codex.rate_limits` event: over WebSocket the only place where limits are told. */
export interface RateLimitEvent {
  readonly limits: readonly Limit[];
  readonly plan: string | null;
  readonly credits: Credits | null;
}

/** Null for every other event. */
export function parseRateLimitEvent(event: unknown, observedAtMs: number): RateLimitEvent | null {
  if (field(event, "type") !== "codex.rate_limits") return null;
  const rateLimits = field(event, "rate_limits");
  const name = ["metered_limit_name", "limit_id", "limit_name"]
    .map((key) => readText(field(event, key)))
    .find((each) => each !== null);
  return {
    limits: readSnapshot(rateLimits, { limitId: normalizeLimitId(name), observedAtMs, source: "event" }),
    plan: readText(field(event, "plan_type")),
    credits: readCredits(field(event, "credits") ?? field(rateLimits, "credits")),
  };
}
