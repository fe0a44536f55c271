import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { parseRateLimitEvent } from "../../src/upstream/rate-limit-event.ts";
import { parseRateLimitHeaders } from "../../src/upstream/rate-limit-headers.ts";
import { parseResetCredits } from "../../src/upstream/reset-credits.ts";
import { parseUsagePayload } from "../../src/upstream/usage-payload.ts";

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

describe("the headers of a response", () => {
  const headers = {
    "X-Codex-Primary-Used-Percent": "42.5",
    "x-codex-primary-window-minutes": "300",
    "x-codex-primary-reset-at": String(atSec + 60),
    "x-codex-secondary-used-percent": "12",
    "x-codex-secondary-window-minutes": "10080",
    "x-codex-secondary-reset-after-seconds": "600",
    "x-codex-other-primary-used-percent": "77",
    "x-codex-other-limit-name": "gpt-other",
    "x-codex-credits-has-credits": "true",
    "x-codex-credits-unlimited": "false",
    "x-codex-credits-balance": "7.5",
    "x-codex-active-limit": "codex-other",
    "x-codex-rate-limit-reached-type": "workspace_owner_usage_limit_reached",
    "x-codex-plan-type": "plus",
    "x-codex-primary-over-secondary-limit-percent": "3",
  };
  const source = "headers";
  const expected = {
    limits: [
      {
        ...main,
        source,
        window: "primary",
        usedPercent: 42.5,
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
        limitId: "codex_other",
        window: "primary",
        usedPercent: 77,
        windowMinutes: null,
        resetsAtMs: null,
      },
    ],
    limitNames: { codex_other: "gpt-other" },
    credits: { hasCredits: true, isUnlimited: false, balance: "7.5" },
    plan: "plus",
    activeLimitId: "codex_other",
    reachedType: "workspace_owner_usage_limit_reached",
  };

  it("give every family by its id, from pairs and from Headers", () => {
    expect(parseRateLimitHeaders(Object.entries(headers), atMs)).toEqual(expected);
    const { limits } = parseRateLimitHeaders(new Headers(headers), atMs);
    expect(new Set(limits)).toEqual(new Set(expected.limits));
  });

  it("without limits give none", () => {
    const none = {
      limits: [],
      limitNames: {},
      credits: null,
      plan: null,
      activeLimitId: null,
      reachedType: null,
    };
    expect(parseRateLimitHeaders([["x-codex-primary-used-percent", "NaN"]], atMs)).toEqual(none);
  });
});

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

describe("reset credits", () => {
  const credit = {
    id: "rc_1",
    reset_type: "codex_rate_limits",
    status: "available",
    granted_at: "2026-11-20T12:00:00Z",
    expires_at: null,
    title: "Reset",
  };

  it("are listed, and counted as reported", () => {
    expect(parseResetCredits({ available_count: 1, credits: [credit, { title: "no id" }, 7] })).toEqual({
      availableCount: 1,
      credits: [
        {
          id: "rc_1",
          resetType: "codex_rate_limits",
          status: "available",
          grantedAtMs: atMs,
          expiresAtMs: null,
          title: "Reset",
          description: null,
        },
      ],
    });
  });

  it("are counted when no count is reported, and unknown when there is no list either", () => {
    const used = { ...credit, id: "rc_2", status: "redeemed" };
    expect(parseResetCredits({ credits: [credit, used] })?.availableCount).toBe(1);
    expect(parseResetCredits({})).toEqual({ availableCount: null, credits: [] });
  });
});

it("nothing that upstream may send makes a parser fail", () => {
  const names = [
    "rate_limit",
    "rate_limits",
    "primary_window",
    "primary",
    "used_percent",
    "reset_at",
    "credits",
    "additional_rate_limits",
    "type",
    "__proto__",
    "id",
  ];
  const anything = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom("codex.rate_limits", ""),
      fc.anything(),
      fc.array(tie("value")),
      tie("object"),
    ),
    object: fc.dictionary(fc.constantFrom(...names), tie("value")),
  })).object;
  fc.assert(
    fc.property(anything, (value) => {
      for (const limit of [
        ...(parseUsagePayload(value, atMs)?.limits ?? []),
        ...(parseRateLimitEvent({ ...value, type: "codex.rate_limits" }, atMs)?.limits ?? []),
      ]) {
        expect(limit.usedPercent >= 0 && limit.usedPercent <= 100).toBe(true);
      }
      parseResetCredits(value);
    }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string(), fc.string())),
      (pairs) => void parseRateLimitHeaders(pairs, atMs),
    ),
  );
});
