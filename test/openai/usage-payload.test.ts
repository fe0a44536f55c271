import { describe, expect, it, test } from "vitest";
import { parseUsagePayload } from "../../src/openai/usage-payload.ts";

const atMs = Date.UTC(2026, 10, 20, 12);
const atSec = atMs / 1000;
const main = { limitId: "codex", observedAtMs: atMs };

describe("the usage payload", () => {
  const payload = {
    user_id: "user-1",
    account_id: "acct-1",
    email: "a@example.com",
    plan_type: "plus",
    rate_limit: {
      allowed: true,
      limit_reached: false,
      primary_window: {
        used_percent: 42,
        limit_window_seconds: 18_000,
        reset_after_seconds: 60,
        reset_at: atSec + 60,
      },
      secondary_window: { used_percent: 12, limit_window_seconds: 604_800, reset_after_seconds: 600 },
    },
    additional_rate_limits: [
      {
        limit_name: "gpt-spark",
        metered_feature: "codex-spark",
        rate_limit: {
          primary_window: { used_percent: 5, limit_window_seconds: 18_000, reset_at: atSec + 90 },
          secondary_window: null,
        },
      },
    ],
    credits: { has_credits: true, unlimited: false, balance: "7.5", approx_local_messages: [1, 2] },
    rate_limit_reached_type: { type: "workspace_member_credits_depleted" },
  };

  it("gives every window of every limit", () => {
    const source = "usage";
    expect(parseUsagePayload(payload, atMs)).toEqual({
      limits: [
        {
          ...main,
          source,
          window: "primary",
          usedPercent: 42,
          windowMinutes: 300,
          resetsAtMs: atMs + 60_000,
        },
        {
          ...main,
          source,
          window: "secondary",
          usedPercent: 12,
          windowMinutes: 10_080,
          resetsAtMs: atMs + 600_000,
        },
        {
          ...main,
          source,
          limitId: "codex_spark",
          window: "primary",
          usedPercent: 5,
          windowMinutes: 300,
          resetsAtMs: atMs + 90_000,
        },
      ],
      missingWindows: [],
      plan: "plus",
      isPlanKnown: true,
      credits: { hasCredits: true, isUnlimited: false, balance: "7.5" },
      isAllowed: true,
      isLimitReached: false,
      reachedType: "workspace_member_credits_depleted",
      reached: "credits",
      hasWindows: true,
      accountId: "acct-1",
      userId: "user-1",
      email: "a@example.com",
      limitNames: { codex_spark: "gpt-spark" },
    });
  });

  const odd: [what: string, payload: object, expected: object][] = [
    [
      "an unknown plan is kept and said to be unknown",
      { plan_type: "sci_plus" },
      { plan: "sci_plus", isPlanKnown: false },
    ],
    [
      "no plan is not guessed",
      {},
      { plan: null, isPlanKnown: false, limits: [], missingWindows: ["short", "long"] },
    ],
    [
      "a plan without a five-hour window misses one",
      { rate_limit: { primary_window: { used_percent: 1, limit_window_seconds: 604_800 } } },
      { missingWindows: ["short"] },
    ],
    [
      "a percentage that is no number is no window",
      { rate_limit: { primary_window: { used_percent: {} } } },
      { limits: [] },
    ],
    ["credits of another shape are none", { credits: [1] }, { credits: null }],
    [
      "families of another shape are none",
      { additional_rate_limits: { a: 1 } },
      { limits: [], limitNames: {} },
    ],
  ];
  test.each(odd)("%s", (_what, payload, expected) =>
    expect(parseUsagePayload(payload, atMs)).toMatchObject(expected),
  );

  test.each([
    [
      "a number in text",
      { used_percent: "42.5", reset_at: String(atSec + 9) },
      { usedPercent: 42.5, resetsAtMs: atMs + 9000 },
    ],
    ["ms instead of seconds", { used_percent: 1, reset_at: atMs + 9000 }, { resetsAtMs: atMs + 9000 }],
    ["an absurd reset", { used_percent: 1, reset_at: atSec + 400 * 86_400 }, { resetsAtMs: null }],
    ["more than all", { used_percent: 130 }, { usedPercent: 100 }],
    ["a window of no length", { used_percent: 1, limit_window_seconds: 0 }, { windowMinutes: null }],
  ])("%s", (_what, window, expected) => {
    expect(parseUsagePayload({ rate_limit: { primary_window: window } }, atMs)?.limits[0]).toMatchObject(
      expected,
    );
  });
});
