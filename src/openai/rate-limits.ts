import {
  type Credits,
  creditsOf,
  type Limit,
  normalizeLimitId,
  readCredits,
  readSnapshot,
  readWindow,
} from "../quota/limit.ts";
import { field, readText } from "../text/json.ts";

/** What the headers of a response say about the account's limits. */
export interface RateLimitHeaders {
  readonly limits: readonly Limit[];
  /** Display names of limits, by limit id. */
  readonly limitNames: Readonly<Record<string, string>>;
  readonly credits: Credits | null;
  readonly plan: string | null;
  /** The limit that this request counts against, as a limit id. */
  readonly activeLimitId: string | null;
  readonly reachedType: string | null;
}

/** A `Headers` object, a Map, or pairs; names in any case. */
export type HeaderPairs = Iterable<readonly [name: string, value: string]>;

const windowHeader =
  /^x-([a-z0-9_-]+?)-(primary|secondary)-(used-percent|window-minutes|reset-at|reset-after-seconds)$/;
const nameHeader = /^x-([a-z0-9_-]+)-limit-name$/;

/** Families `x-codex-…` (the main limit) and `x-<limit>-…`. Headers that are missing or odd are left out. */
export function parseRateLimitHeaders(headers: HeaderPairs, observedAtMs: number): RateLimitHeaders {
  const values = new Map<string, string>();
  for (const [name, value] of headers) values.set(name.toLowerCase(), value);
  const active = values.get("x-codex-active-limit");
  return {
    limits: readLimits(values, observedAtMs),
    limitNames: readNames(values),
    credits: creditsOf(
      values.get("x-codex-credits-has-credits"),
      values.get("x-codex-credits-unlimited"),
      values.get("x-codex-credits-balance"),
    ),
    plan: readText(values.get("x-codex-plan-type")),
    activeLimitId: active === undefined ? null : normalizeLimitId(active),
    reachedType: readText(values.get("x-codex-rate-limit-reached-type")),
  };
}

function readLimits(values: ReadonlyMap<string, string>, observedAtMs: number): Limit[] {
  const limits: Limit[] = [];
  for (const [name, usedPercent] of values) {
    const [, family, window, part] = windowHeader.exec(name) ?? [];
    if (family === undefined || window === undefined || part !== "used-percent") continue;
    const of = (part: string) => values.get(`x-${family}-${window}-${part}`);
    const report = {
      usedPercent,
      windowMinutes: of("window-minutes"),
      resetAt: of("reset-at"),
      resetAfterSeconds: of("reset-after-seconds"),
    };
    const limitId = normalizeLimitId(family);
    const limit = readWindow(window, report, { limitId, observedAtMs, source: "headers" });
    if (limit !== null) limits.push(limit);
  }
  return limits;
}

function readNames(values: ReadonlyMap<string, string>): Record<string, string> {
  const names = new Map<string, string>();
  for (const [header, value] of values) {
    const family = nameHeader.exec(header)?.[1];
    const name = readText(value);
    if (family !== undefined && name !== null) names.set(normalizeLimitId(family), name);
  }
  return Object.fromEntries(names);
}

/** A `codex.rate_limits` event: over WebSocket the only place where limits are told. */
export interface RateLimitEvent {
  readonly limits: readonly Limit[];
  readonly plan: string | null;
  readonly credits: Credits | null;
}

/** Null for every other event. */
export function parseRateLimitEvent(event: unknown, observedAtMs: number): RateLimitEvent | null {
  if (field(event, "type") !== "codex.rate_limits") return null;
  const rateLimits = field(event, "rate_limits");
  const name = ["metered_limit_name", "limit_id", "limit_name"]
    .map((key) => readText(field(event, key)))
    .find((each) => each !== null);
  return {
    limits: readSnapshot(rateLimits, { limitId: normalizeLimitId(name), observedAtMs, source: "event" }),
    plan: readText(field(event, "plan_type")),
    credits: readCredits(field(event, "credits") ?? field(rateLimits, "credits")),
  };
}
