import { dollars } from "../../budget/prices.ts";
import type { KeyPolicy, LimitRule } from "../../budget/policy.ts";
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
  const headers: Record<string, string> = {};
  addFamily(headers, requestsFamily, tightest(all, isOfRequests), nowMs);
  addFamily(headers, tokensFamily, tightest(all, isOfTokens), nowMs);
  addFamily(headers, costFamily, tightest(all, isOfCost), nowMs);
  addCodexWindow(headers, primaryWindow, tightest(all, isOf5h));
  addCodexWindow(headers, secondaryWindow, tightest(all, isOfWeek));
  return headers;
}

// Names that are put together with every answer take longer than the rest of it.
const requestsFamily = familyOf("requests");
const tokensFamily = familyOf("tokens");
const costFamily = familyOf("cost");

function familyOf(name: string) {
  return {
    limit: `x-ratelimit-limit-${name}`,
    remaining: `x-ratelimit-remaining-${name}`,
    reset: `x-ratelimit-reset-${name}`,
  };
}

/** `6m0s`, as OpenAI writes it. */
function resetText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  let text = "";
  if (seconds >= 86_400) text += `${Math.floor(seconds / 86_400)}d`;
  if (seconds >= 3600) text += `${Math.floor(seconds / 3600) % 24}h`;
  if (seconds >= 60) text += `${Math.floor(seconds / 60) % 60}m`;
  return `${text}${seconds % 60}s`;
}

function addFamily(
  headers: Record<string, string>,
  family: ReturnType<typeof familyOf>,
  standing: LimitStanding | null,
  nowMs: number,
): void {
  if (!standing) return;
  const { rule, remaining, resetsAtMs } = standing;
  const isCost = rule.kind === "cost";
  headers[family.limit] = String(isCost ? dollars(rule.max) : rule.max);
  headers[family.remaining] = String(isCost ? dollars(remaining) : remaining);
  headers[family.reset] = resetText(resetsAtMs - nowMs);
}

const weekMinutes = 7 * 24 * 60;
const primaryWindow = codexWindowOf("primary", 300);
const secondaryWindow = codexWindowOf("secondary", weekMinutes);

function codexWindowOf(name: string, minutes: number) {
  return {
    usedPercent: `x-codex-${name}-used-percent`,
    windowMinutes: `x-codex-${name}-window-minutes`,
    resetAt: `x-codex-${name}-reset-at`,
    minutes: String(minutes),
  };
}

/** Codex shows these in its status line, in the place of an account's windows. */
function addCodexWindow(
  headers: Record<string, string>,
  window: ReturnType<typeof codexWindowOf>,
  standing: LimitStanding | null,
): void {
  if (!standing) return;
  headers[window.usedPercent] = String(usedPercent(standing));
  headers[window.windowMinutes] = window.minutes;
  headers[window.resetAt] = String(Math.ceil(standing.resetsAtMs / 1000));
}

/** The same as an event, which is where Codex reads them on a WebSocket; null when the key has no such limit. */
export function budgetEvent(all: readonly LimitStanding[]): object | null {
  const [primary, secondary] = [
    eventWindow(tightest(all, isOf5h), 300),
    eventWindow(tightest(all, isOfWeek), weekMinutes),
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

type Kind = (rule: LimitRule) => boolean;

const isOfRequests: Kind = ({ kind }) => kind === "requests";
const isOfTokens: Kind = ({ kind }) => kind === "tokens" || kind === "input" || kind === "output";
const isOfCost: Kind = ({ kind }) => kind === "cost";
const isOf5h: Kind = ({ window }) => window === "5h";
const isOfWeek: Kind = ({ window }) => window === "week";

/** Of those of a kind the one that has the least left; null where there is none. */
function tightest(all: readonly LimitStanding[], isOfKind: Kind): LimitStanding | null {
  let best: LimitStanding | null = null;
  for (const each of all) {
    if (!isOfKind(each.rule)) continue;
    if (best === null || usedPercent(each) > usedPercent(best)) best = each;
  }
  return best;
}

function usedPercent({ rule, used }: LimitStanding): number {
  return rule.max === 0 ? 100 : Math.min(100, Math.round((used / rule.max) * 1000) / 10);
}
