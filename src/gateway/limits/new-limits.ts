import { startCounter, windowAt } from "../../budget/usage-state.ts";
import { type KeyPolicy, type LimitRule, type LimitWindow, ruleName } from "../../budget/policy.ts";
import type { Database } from "../../database/database.ts";
import { UsageBooks } from "./usage-books.ts";

/**
 * Lets the limits that are new to a key count what it has used in the running window: else it could begin anew with
 * each edit. Windows of the calendar only; the others begin with the first use after the edit.
 */
export async function startLimits(
  database: Database,
  keyId: string,
  { before, after }: { readonly before: KeyPolicy; readonly after: KeyPolicy },
): Promise<void> {
  const known = new Set(before.limits.map(ruleName));
  const added = after.limits.filter((rule) => !known.has(ruleName(rule)) && isCalendar(rule.window));
  if (added.length === 0) return;
  const nowMs = database.now();
  const counted: { rule: LimitRule; used: number }[] = [];
  for (const rule of added) counted.push({ rule, used: await usedSince(database, keyId, rule, nowMs) });
  await new UsageBooks(database).change(keyId, (state) =>
    counted.reduce((next, { rule, used }) => startCounter(next, rule, used, nowMs), state),
  );
}

function isCalendar(window: LimitWindow): boolean {
  return window === "day" || window === "week" || window === "month";
}

const columns = {
  requests: "requests",
  input: "input_tokens",
  output: "output_tokens",
  tokens: "input_tokens + output_tokens",
  cost: "cost_micros",
} as const;

/** What accounts have answered, by the rows of whole days. */
async function usedSince(database: Database, keyId: string, rule: LimitRule, nowMs: number): Promise<number> {
  const { startMs } = windowAt(rule.window, nowMs);
  const [row] = await database.query(
    `select sum(${columns[rule.kind]}) as used from usage_spans
     where span = 'day' and key_id = $1 and from_ms >= $2 and outcome = 'served' and ($3 = '' or model = $3)`,
    [keyId, startMs, rule.model ?? ""],
  );
  return Number(row?.["used"] ?? 0);
}
