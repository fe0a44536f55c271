import { describe, expect, it } from "vitest";
import { parseRateLimitEvent } from "../../src/openai/rate-limits.ts";

const atMs = Date.UTC(2026, 10, 20, 12);
const atSec = atMs / 1000;
const main = { limitId: "codex", observedAtMs: atMs };

describe("a codex.rate_limits event", () => {
  const event = {
    type: "codex.rate_limits",
    plan_type: "plus",
    rate_limits: {
      allowed: true,
      primary: { used_percent: 33, window_minutes: 300, reset_at: atSec + 1000 },
      secondary: null,
    },
    credits: { has_credits: false, unlimited: true, balance: null },
  };
  const limit = {
    source: "event",
    window: "primary",
    usedPercent: 33,
    windowMinutes: 300,
    resetsAtMs: atMs + 1_000_000,
  };

  it("is about the main limit when it has no name", () => {
    expect(parseRateLimitEvent(event, atMs)).toEqual({
      limits: [{ ...main, ...limit }],
      plan: "plus",
      credits: { hasCredits: false, isUnlimited: true, balance: null },
    });
  });

  it("is about the limit that it names", () => {
    const named = parseRateLimitEvent({ ...event, metered_limit_name: "codex-other" }, atMs);
    expect(named?.limits[0]?.limitId).toBe("codex_other");
  });

  it("is not any other event", () => {
    expect(parseRateLimitEvent({ ...event, type: "response.created" }, atMs)).toBeNull();
  });
});
