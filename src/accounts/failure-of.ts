import type { FailureKind } from "../errors/failure-rules.ts";
import type { Failure } from "./availability.ts";
import { mainLimitId } from "./limit.ts";

export interface FailureTimes {
  readonly resetsAtMs: number | null;
  readonly retryAfterMs: number | null;
  readonly limitId?: string;
}

/** What a classified answer means for the account that gave it; null when it says nothing about when it serves again. */
export function failureOf(kind: FailureKind | null, times: FailureTimes): Failure | null {
  const { resetsAtMs, retryAfterMs, limitId = mainLimitId } = times;
  if (kind === "usageLimit") return { kind: "usage-limit", resetsAtMs, limitId };
  if (kind === "rateLimit" || kind === "slowDown") return { kind: "slow-down", retryAfterMs };
  if (kind === "reauth") return { kind: "auth" };
  // Not `network`: a machine that is offline tells nothing about an account.
  const isUpstream = ["blocked", "overloaded", "server", "stream", "unknown"].some((each) => each === kind);
  return isUpstream ? { kind: "upstream" } : null;
}
