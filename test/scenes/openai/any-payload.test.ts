import * as fc from "fast-check";
import { expect, it } from "vitest";
import { parseRateLimitEvent, parseRateLimitHeaders } from "../../../src/openai/rate-limits.ts";
import { parseResetCredits, parseUsagePayload } from "../../../src/openai/usage-payload.ts";

const atMs = Date.UTC(2026, 10, 20, 12);

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
