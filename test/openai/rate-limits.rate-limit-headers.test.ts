import { describe, expect, it } from "vitest";
import { parseRateLimitHeaders } from "../../src/openai/rate-limits.ts";

const atMs = Date.UTC(2026, 10, 20, 12);
const atSec = atMs / 1000;
const main = { limitId: "codex", observedAtMs: atMs };

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
