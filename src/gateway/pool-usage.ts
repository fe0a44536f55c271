import { mainLimitId, usedPercentAt, type Limit } from "../accounts/limit.ts";
import type { RotationParts } from "../proxy/parts.ts";

/** For the ChatGPT token of an account of the pool: what is known of its own windows. Null for any other token. */
export function poolUsage({ pool, ledger }: RotationParts, token: string, nowMs: number): object | null {
  const account = [...pool.accounts.values()].find(({ login }) => login.accessToken === token);
  if (!account) return null;
  const main = ledger.limitsOf(account.id).filter(({ limitId }) => limitId === mainLimitId);
  const windows = {
    primary: windowOf(main, "primary", nowMs),
    secondary: windowOf(main, "secondary", nowMs),
  };
  const isReached = [windows.primary, windows.secondary].some((window) => (window?.used_percent ?? 0) >= 100);
  return {
    plan_type: account.login.plan,
    rate_limit: {
      allowed: !isReached,
      limit_reached: isReached,
      primary_window: windows.primary,
      secondary_window: windows.secondary,
    },
    credits: null,
  };
}

function windowOf(limits: readonly Limit[], name: string, nowMs: number) {
  const limit = limits.find(({ window }) => window === name);
  if (!limit) return null;
  const { resetsAtMs, windowMinutes } = limit;
  return {
    used_percent: Math.round(usedPercentAt(limit, nowMs)),
    limit_window_seconds: (windowMinutes ?? 0) * 60,
    reset_after_seconds: resetsAtMs === null ? 0 : Math.max(0, Math.ceil((resetsAtMs - nowMs) / 1000)),
    reset_at: resetsAtMs === null ? 0 : Math.ceil(resetsAtMs / 1000),
  };
}
