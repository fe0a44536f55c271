import { dollars, equivalentOf } from "../../budget/prices.ts";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { accountNames } from "../../pool/account.ts";
import type { Zod } from "../../program/command.ts";
import { type PoolState, seatFinder } from "../../reports/pool.ts";
import { attributeToCreator } from "../../sessions/limits.ts";
import { type DayUsage, readSessionUsage } from "../../sessions/usage.ts";
import { sessionCache } from "../../store/files/session-cache.ts";

const tokenFields = (z: Zod) => ({
  inputTokens: z.int().describe("cached ones included"),
  cachedInputTokens: z.int(),
  outputTokens: z.int().describe("reasoning included"),
  reasoningTokens: z.int(),
  apiUsd: z
    .number()
    .nullable()
    .describe(
      "what they would cost on OpenAI's API, not a bill; models without a known price are left out, null: none has one",
    ),
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
    projects: z.array(
      z.object({
        folder: z.string().nullable().describe("where Codex worked; null: the logs do not tell"),
        ...tokenFields(z),
      }),
    ),
    rows: z.array(
      z.object({
        day: z.string(),
        accountId: z.string().nullable(),
        model: z.string().nullable(),
        ...tokenFields(z),
      }),
    ),
    calendar: z
      .array(z.object({ day: z.string(), tokens: z.int() }))
      .describe("days with use in the last half year, whatever `since` is"),
  });

export interface Tokens {
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  apiUsd: number | null;
}

interface Row extends Tokens {
  day: string;
  accountId: string | null;
  model: string | null;
  folder: string | null;
}

export function reportUsage(ctx: Context, { snapshot, nowMs }: PoolState, since: string) {
  const { accounts } = snapshot.pool;
  const idOf = seatFinder(accounts);
  const today = localDay(nowMs);
  const firstOfCalendar = calendarStart(nowMs);
  const first = since < firstOfCalendar ? since : firstOfCalendar;
  const known = readSessionUsage({
    homes: [ctx.store.paths.codexHome],
    storage: sessionCache(ctx.fs, ctx.store.paths, "usage.json"),
    attribute: attributeToCreator(ctx.store.proxiedSessions()),
    dayOf: localDay,
    sinceMs: localMidnight(first).getTime(),
  })
    .filter(({ day }) => day >= first && day <= today)
    .map(({ day, model, account, folder, tokens }): Row => {
      const accountId = account && idOf(account);
      return Object.assign({ day, accountId, model, folder }, namedTokens(model, tokens));
    });
  const used = known.filter(({ day }) => day >= since);
  const nameOf = accountNames(accounts);
  const byDay = new Map(groups(used, ({ day }) => day));
  return {
    since,
    until: today,
    total: sum(used),
    days: daysBetween(since, nowMs).map((day) => Object.assign({ day }, byDay.get(day) ?? sum([]))),
    accounts: groups(used, ({ accountId }) => accountId).map(([accountId, tokens]) => {
      return Object.assign({ accountId, name: accountId === null ? "not known" : nameOf(accountId) }, tokens);
    }),
    models: groups(used, ({ model }) => model).map(([model, tokens]) => Object.assign({ model }, tokens)),
    projects: groups(used, ({ folder }) => folder).map(([folder, tokens]) =>
      Object.assign({ folder }, tokens),
    ),
    rows: rowsOf(used),
    calendar: groups(
      known.filter(({ day }) => day >= firstOfCalendar),
      ({ day }) => day,
    )
      .map(([day, { inputTokens, outputTokens }]) => ({ day, tokens: inputTokens + outputTokens }))
      .sort((a, b) => (a.day < b.day ? -1 : 1)),
  };
}

/** By day, account and model: the folders are told apart elsewhere. */
function rowsOf(used: readonly Row[]) {
  const byKey = groups(used, ({ day, accountId, model }) => JSON.stringify([day, accountId, model]));
  return byKey
    .map(([key, tokens]) => {
      const [day, accountId, model] = JSON.parse(key) as [string, string | null, string | null];
      return Object.assign({ day, accountId, model }, tokens);
    })
    .sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
}

/** So many weeks, each from its Monday, are about half a year. */
export const calendarWeeks = 26;

/** The Monday with which the last half year begins. */
function calendarStart(nowMs: number): string {
  const day = new Date(nowMs);
  day.setDate(day.getDate() - ((day.getDay() + 6) % 7) - (calendarWeeks - 1) * 7);
  return localDay(day.getTime());
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

function namedTokens(model: string | null, tokens: DayUsage["tokens"]): Tokens {
  const { input, cachedInput, output, reasoning } = tokens;
  const micros = model === null ? null : equivalentOf(model, { input, cached: cachedInput, output });
  return {
    inputTokens: input,
    cachedInputTokens: cachedInput,
    outputTokens: output,
    reasoningTokens: reasoning,
    apiUsd: micros === null ? null : dollars(micros),
  };
}

/** The sum for every value of a key, largest first. */
function groups<Each extends Tokens, Key>(rows: readonly Each[], keyOf: (row: Each) => Key): [Key, Tokens][] {
  const parts = new Map<Key, Each[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const part = parts.get(key);
    if (part) part.push(row);
    else parts.set(key, [row]);
  }
  const sums = [...parts].map(([key, part]): [Key, Tokens] => [key, sum(part)]);
  return sums.sort(([, a], [, b]) => b.inputTokens + b.outputTokens - a.inputTokens - a.outputTokens);
}

function sum(rows: readonly Tokens[]): Tokens {
  const total = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 };
  let apiUsd: number | null = null;
  for (const row of rows) {
    total.inputTokens += row.inputTokens;
    total.cachedInputTokens += row.cachedInputTokens;
    total.outputTokens += row.outputTokens;
    total.reasoningTokens += row.reasoningTokens;
    if (row.apiUsd !== null) apiUsd = (apiUsd ?? 0) + row.apiUsd;
  }
  return { ...total, apiUsd: apiUsd === null ? null : Math.round(apiUsd * 1e6) / 1e6 };
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
