import type { DayUsage } from "../sessions/session-usage.ts";
import { attributeToCreator } from "../sessions/attribution.ts";
import { readSessionUsage } from "../sessions/session-usage.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { sessionCache } from "../store/session-cache.ts";
import { accountNames } from "./account-names.ts";
import type { Context } from "./context.ts";
import type { Zod } from "./define-command.ts";
import type { PoolState } from "./pool-state.ts";
import { seatFinder } from "./session-figures.ts";

const tokenFields = (z: Zod) => ({
  inputTokens: z.int().describe("cached ones included"),
  cachedInputTokens: z.int(),
  outputTokens: z.int().describe("reasoning included"),
  reasoningTokens: z.int(),
});

/** Tokens from Codex's session logs of this machine. Days are local. */
export const usageSchema = (z: Zod) =>
  z.object({
    since: z.string().describe("first day, as 2026-11-20"),
    until: z.string(),
    total: z.object(tokenFields(z)),
    days: z.array(z.object({ day: z.string(), ...tokenFields(z) })).describe("every day, also without use"),
    accounts: z.array(
      z.object({
        accountId: z.string().nullable().describe("null: the logs do not tell, or it is not in the pool"),
        name: z.string(),
        ...tokenFields(z),
      }),
    ),
    models: z.array(z.object({ model: z.string().nullable(), ...tokenFields(z) })),
    rows: z.array(
      z.object({
        day: z.string(),
        accountId: z.string().nullable(),
        model: z.string().nullable(),
        ...tokenFields(z),
      }),
    ),
  });

export interface Tokens {
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  reasoningTokens: number;
}

export function reportUsage(ctx: Context, { snapshot, nowMs }: PoolState, since: string) {
  const { accounts } = snapshot.pool;
  const idOf = seatFinder(accounts);
  const used = readSessionUsage({
    homes: [ctx.store.paths.codexHome],
    storage: sessionCache(ctx.fs, ctx.store.paths, "usage.json"),
    attribute: attributeToCreator(ctx.store.proxiedSessions()),
    dayOf: localDay,
    sinceMs: localMidnight(since).getTime(),
  });
  const rows = used
    .filter(({ day }) => day >= since && day <= localDay(nowMs))
    .map(({ day, model, account, tokens }) => {
      return Object.assign({ day, accountId: account && idOf(account), model }, namedTokens(tokens));
    });
  const nameOf = accountNames(accounts);
  return {
    since,
    until: localDay(nowMs),
    total: sum(rows),
    days: daysBetween(since, nowMs).map((day) =>
      Object.assign({ day }, sum(rows.filter((row) => row.day === day))),
    ),
    accounts: groups(rows, ({ accountId }) => accountId).map(([accountId, tokens]) => {
      return Object.assign({ accountId, name: accountId === null ? "not known" : nameOf(accountId) }, tokens);
    }),
    models: groups(rows, ({ model }) => model).map(([model, tokens]) => Object.assign({ model }, tokens)),
    rows,
  };
}

/** `30` or `30d`: so many days with today; `2026-11-01`: from that day. */
export function sinceDay(text: string, nowMs: number): string {
  const [, days] = /^(\d{1,4})d?$/.exec(text) ?? [];
  if (days !== undefined && Number(days) > 0) {
    const day = new Date(nowMs);
    day.setDate(day.getDate() - Number(days) + 1);
    return localDay(day.getTime());
  }
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && localDay(localMidnight(text).getTime()) === text;
  if (isDay && localMidnight(text).getTime() <= nowMs) return text;
  throw new CodexAuthError("usage", `Invalid start: ${text}`, {
    hint: "A number of days or a day that has been: codex auth report --since 30, --since 2026-11-01",
  });
}

function namedTokens({ input, cachedInput, output, reasoning }: DayUsage["tokens"]): Tokens {
  return {
    inputTokens: input,
    cachedInputTokens: cachedInput,
    outputTokens: output,
    reasoningTokens: reasoning,
  };
}

/** The sum for every value of a key, largest first. */
function groups<Row extends Tokens, Key>(rows: readonly Row[], keyOf: (row: Row) => Key): [Key, Tokens][] {
  const keys = [...new Set(rows.map(keyOf))];
  const sums = keys.map((key): [Key, Tokens] => [key, sum(rows.filter((row) => keyOf(row) === key))]);
  return sums.sort(([, a], [, b]) => b.inputTokens + b.outputTokens - a.inputTokens - a.outputTokens);
}

function sum(rows: readonly Tokens[]): Tokens {
  const total = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 };
  for (const row of rows) {
    total.inputTokens += row.inputTokens;
    total.cachedInputTokens += row.cachedInputTokens;
    total.outputTokens += row.outputTokens;
    total.reasoningTokens += row.reasoningTokens;
  }
  return total;
}

function daysBetween(since: string, nowMs: number): string[] {
  const days: string[] = [];
  const last = localDay(nowMs);
  for (
    const date = localMidnight(since);
    localDay(date.getTime()) <= last;
    date.setDate(date.getDate() + 1)
  ) {
    days.push(localDay(date.getTime()));
  }
  return days;
}

function localMidnight(day: string): Date {
  return new Date(`${day}T00:00:00`);
}

function localDay(atMs: number): string {
  const date = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
