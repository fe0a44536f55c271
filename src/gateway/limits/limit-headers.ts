import { dollars } from "../../budget/prices.ts";
import type { KeyPolicy, LimitKind, LimitRule, LimitWindow } from "../../budget/policy.ts";
import { counterAt, type UsageState } from "../../budget/usage-state.ts";

/** One limit of a key as it stands. `max` and `used` count as the rule does. */
export interface LimitStanding {
  readonly rule: LimitRule;
  readonly used: number;
  readonly remaining: number;
  readonly resetsAtMs: number;
}

export function standings({ limits }: KeyPolicy, state: UsageState, nowMs: number): readonly LimitStanding[] {
  return limits.map((rule) => {
    const { used, endMs } = counterAt(state, rule, nowMs);
    return { rule, used, remaining: Math.max(0, rule.max - used), resetsAtMs: endMs };
  });
}

/**
 * What a client is told of the limits of its key with every answer: of each kind the one that has the least left. None
 * for a key without limits. The quota of the pool's accounts is nobody's business and never among them.
 */
export function limitHeaders(all: readonly LimitStanding[], nowMs: number): Record<string, string> {
  return {
    ...family("requests", tightest(all, "requests"), nowMs),
    ...family("tokens", tightest(all, "tokens", "input", "output"), nowMs),
    ...family("cost", tightest(all, "cost"), nowMs),
    ...codexWindow("primary", tightestOf(all, "5h"), 300),
    ...codexWindow("secondary", tightestOf(all, "week"), weekMinutes),
  };
}

/** `6m0s`, as OpenAI writes it. */
function resetText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first === -1 ? 3 : first)
    .map(([count, unit]) => `${count}${unit}`)
    .join("");
}

function family(name: string, standing: LimitStanding | null, nowMs: number): Record<string, string> {
  if (!standing) return {};
  const { rule, remaining, resetsAtMs } = standing;
  const shown = (count: number) => String(rule.kind === "cost" ? dollars(count) : count);
  return {
    [`x-ratelimit-limit-${name}`]: shown(rule.max),
    [`x-ratelimit-remaining-${name}`]: shown(remaining),
    [`x-ratelimit-reset-${name}`]: resetText(resetsAtMs - nowMs),
  };
}

const weekMinutes = 7 * 24 * 60;

/** Codex shows these in its status line, in the place of an account's windows. */
function codexWindow(name: string, standing: LimitStanding | null, minutes: number): Record<string, string> {
  if (!standing) return {};
  return {
    [`x-codex-${name}-used-percent`]: String(usedPercent(standing)),
    [`x-codex-${name}-window-minutes`]: String(minutes),
    [`x-codex-${name}-reset-at`]: String(Math.ceil(standing.resetsAtMs / 1000)),
  };
}

/** The same as an event, which is where Codex reads them on a WebSocket; null when the key has no such limit. */
export function budgetEvent(all: readonly LimitStanding[]): object | null {
  const [primary, secondary] = [
    eventWindow(tightestOf(all, "5h"), 300),
    eventWindow(tightestOf(all, "week"), weekMinutes),
  ];
  if (primary === null && secondary === null) return null;
  const isReached = all.some(({ remaining }) => remaining === 0);
  const rateLimits = { allowed: !isReached, limit_reached: isReached, primary, secondary };
  return { type: "codex.rate_limits", plan_type: null, rate_limits: rateLimits, credits: null };
}

function eventWindow(standing: LimitStanding | null, minutes: number): object | null {
  if (!standing) return null;
  const resetAt = Math.ceil(standing.resetsAtMs / 1000);
  return { used_percent: usedPercent(standing), window_minutes: minutes, reset_at: resetAt };
}

function tightest(all: readonly LimitStanding[], ...kinds: LimitKind[]): LimitStanding | null {
  return most(all.filter(({ rule }) => kinds.includes(rule.kind)));
}

function tightestOf(all: readonly LimitStanding[], window: LimitWindow): LimitStanding | null {
  return most(all.filter(({ rule }) => rule.window === window));
}

function most(all: readonly LimitStanding[]): LimitStanding | null {
  return all.reduce<LimitStanding | null>(
    (best, each) => (best === null || usedPercent(each) > usedPercent(best) ? each : best),
    null,
  );
}

function usedPercent({ rule, used }: LimitStanding): number {
  return rule.max === 0 ? 100 : Math.min(100, Math.round((used / rule.max) * 1000) / 10);
}
