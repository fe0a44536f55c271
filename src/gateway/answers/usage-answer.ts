import type { z } from "zod";
import { dollars } from "../../budget/prices.ts";
import { ruleName } from "../../budget/policy.ts";
import { dayStart } from "../../budget/usage-state.ts";
import type { Database } from "../../database/database.ts";
import type { RotationParts } from "../../proxy/parts.ts";
import { type Limit, mainLimitId, usedPercentAt } from "../../quota/limit.ts";
import type { ClientKey } from "../keys/client-keys.ts";
import type { LimitStanding } from "../limits/limit-headers.ts";

type Zod = typeof z;

export const keyUsageSchema = (zod: Zod) =>
  zod.object({
    request_count: zod.int(),
    total_tokens: zod.int(),
    input_tokens: zod.int(),
    output_tokens: zod.int(),
    cached_input_tokens: zod.int(),
    total_cost_usd: zod.number().describe("what it would cost on OpenAI's API"),
    limits: zod.array(
      zod.object({
        name: zod.string(),
        kind: zod.string(),
        window: zod.string(),
        model: zod.string().nullable(),
        max: zod.number().describe("dollars for cost, else a count"),
        used: zod.number(),
        remaining: zod.number(),
        resets_at: zod.iso.datetime(),
      }),
    ),
  });

/** What a key has used so far, and what is left of its limits. */
type KeyUsage = z.infer<ReturnType<typeof keyUsageSchema>>;

/** `GET /v1/usage`: of the own key only, from the rows of whole days. */
export async function keyUsage(
  database: Database,
  { id }: ClientKey,
  standings: readonly LimitStanding[],
): Promise<KeyUsage> {
  const [sums] = await database.query(
    `select sum(requests) as requests, sum(input_tokens) as input, sum(output_tokens) as output,
     sum(cached_tokens) as cached, sum(cost_micros) as cost from usage_spans where span = 'day' and key_id = $1 and outcome <> 'denied'`,
    [id],
  );
  const sum = (name: string) => Number(sums?.[name] ?? 0);
  return {
    request_count: sum("requests"),
    total_tokens: sum("input") + sum("output"),
    input_tokens: sum("input"),
    output_tokens: sum("output"),
    cached_input_tokens: sum("cached"),
    total_cost_usd: dollars(sum("cost")),
    limits: standings.map(limitOf),
  };
}

function limitOf({ rule, used, remaining, resetsAtMs }: LimitStanding): KeyUsage["limits"][number] {
  const shown = (count: number) => (rule.kind === "cost" ? dollars(count) : count);
  return {
    name: ruleName(rule),
    kind: rule.kind,
    window: rule.window,
    model: rule.model ?? null,
    max: shown(rule.max),
    used: shown(used),
    remaining: shown(remaining),
    resets_at: new Date(resetsAtMs).toISOString(),
  };
}

/** `GET /api/codex/usage` with a key: its own 5 h and weekly budgets, in the form in which Codex reads an account's. */
export function codexUsage(standings: readonly LimitStanding[], nowMs: number): object {
  const primary = codexWindow(standings, "5h", nowMs);
  const secondary = codexWindow(standings, "week", nowMs);
  const isReached = standings.some(({ remaining }) => remaining === 0);
  return {
    plan_type: "unknown",
    rate_limit: {
      allowed: !isReached,
      limit_reached: isReached,
      primary_window: primary,
      secondary_window: secondary,
    },
    credits: null,
  };
}

const windowSeconds = { "5h": 5 * 3600, week: 7 * 86_400 };

function codexWindow(
  standings: readonly LimitStanding[],
  window: "5h" | "week",
  nowMs: number,
): object | null {
  const mine = standings.filter(({ rule }) => rule.window === window);
  const [fullest] = mine.toSorted((one, other) => shareOf(other) - shareOf(one));
  if (!fullest) return null;
  return {
    used_percent: Math.round(shareOf(fullest) * 100),
    limit_window_seconds: windowSeconds[window],
    reset_after_seconds: Math.max(0, Math.ceil((fullest.resetsAtMs - nowMs) / 1000)),
    reset_at: Math.ceil(fullest.resetsAtMs / 1000),
  };
}

function shareOf({ rule, used }: LimitStanding): number {
  return rule.max === 0 ? 1 : Math.min(1, used / rule.max);
}

/** Use of a key, or of all, by day: for `gateway usage`. */
interface DayUsage {
  readonly day: string;
  readonly keyId: string;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
}

export async function usageByDay(
  database: Database,
  keyId: string | null,
  days: number,
): Promise<DayUsage[]> {
  const sinceMs = dayStart(database.now()) - (days - 1) * 86_400_000;
  const rows = await database.query(
    `select from_ms, key_id, sum(requests) as requests, sum(input_tokens) as input, sum(output_tokens) as output,
     sum(cost_micros) as cost from usage_spans where span = 'day' and from_ms >= $1 and outcome <> 'denied' and ($2 = '' or key_id = $2)
     group by from_ms, key_id order by from_ms, key_id`,
    [sinceMs, keyId ?? ""],
  );
  return rows.map((row) => ({
    day: new Date(Number(row["from_ms"])).toISOString().slice(0, 10),
    keyId: String(row["key_id"]),
    requests: Number(row["requests"]),
    inputTokens: Number(row["input"]),
    outputTokens: Number(row["output"]),
    costUsd: dollars(Number(row["cost"])),
  }));
}

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
