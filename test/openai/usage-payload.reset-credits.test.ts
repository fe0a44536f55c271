import { describe, expect, it } from "vitest";
import { parseResetCredits } from "../../src/openai/usage-payload.ts";

const atMs = Date.UTC(2026, 10, 20, 12);

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
