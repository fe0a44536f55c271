import { expect, test } from "vitest";
import type { RenewalTrouble } from "../../src/pool/marks.ts";
import { nextTryMs } from "../../src/pool/renewal-trouble.ts";

const nowMs = Date.parse("2026-11-20T12:00:00.000Z");

test.each([
  ["a moment ago", -1, 3_599_999],
  ["by a clock a moment ahead", 1, 3_600_001],
  ["by a clock half an hour ahead", 1_800_000, 5_400_000],
  ["by a clock a year ahead, which is wrong", 365 * 86_400_000, 0],
])("a token that may be spent rests for its hour when that was noted %s", (_, aheadMs, leftMs) => {
  const triedAt = new Date(nowMs + aheadMs).toISOString();
  const about = { fingerprint: "0".repeat(16), since: triedAt, triedAt, why: "no answer" };
  const trouble: RenewalTrouble = { kind: "uncertain", attempts: 3, ...about };
  expect(nextTryMs(trouble, nowMs) - nowMs).toBe(leftMs);
});
