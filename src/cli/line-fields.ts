import { currentPlan } from "../accounts/account-news.ts";
import { findWindows, hasStarted, mergeLimits, usedPercentAt, windowEndMs } from "../accounts/limit.ts";
import type { Limit } from "../accounts/limit.ts";
import { blockWords } from "../accounts/block.ts";
import type { Block } from "../accounts/block.ts";
import { accountIdOf } from "../store/account-id.ts";
import type { Account } from "../store/account.ts";
import { readLiveFile } from "../store/auth-file.ts";
import { meter } from "../ui/meter.ts";
import { durationText } from "../ui/time.ts";
import { stateOf } from "./account-state.ts";
import type { Context } from "./context.ts";
import { knownAccounts } from "./known-accounts.ts";
import { isUnicodeLocale } from "./locale.ts";
import { cachedSessionFigures } from "./session-figures.ts";

const freshMs = 15 * 60_000;
const meterColumns = 8;

/** What a status line may show of the live account. Reads three small files and never fails. */
export async function lineFields(ctx: Context): Promise<Record<string, string>> {
  try {
    return { ...unknown, ...(await readFields(ctx)) };
  } catch {
    return unknown;
  }
}

const names = ["account", "label", "email", "plan", "row", "state", "renewal", "age"];
const windowNames = ["short", "week"].flatMap((name) => [name, `${name}_reset`, `${name}_meter`]);
const unknown: Readonly<Record<string, string>> = Object.fromEntries(
  [...names, ...windowNames].map((name) => [name, ""]),
);

async function readFields(ctx: Context): Promise<Record<string, string>> {
  const { login } = readLiveFile(ctx.fs, ctx.store.paths.authFile);
  if (login === null) return {};
  const id = accountIdOf(login.identity);
  const accounts = knownAccounts(ctx);
  const index = accounts.findIndex((account) => account.id === id);
  const account = accounts[index];
  const label = account?.label ?? null;
  const known = ctx.store.usage().get(id);
  const limits = mergeLimits(known?.limits ?? [], cachedSessionFigures(ctx).get(id)?.limits ?? []);
  const { short, long } = findWindows(limits);
  const nowMs = ctx.now();
  const isUnicode = isUnicodeLocale(ctx.env);
  return {
    account: label ?? login.email ?? id,
    label: label ?? "",
    email: login.email ?? "",
    plan: currentPlan(login, known?.news) ?? "",
    row: index === -1 ? "" : String(index + 1),
    ...(account ? stateFields(account, known?.availability?.block ?? null, nowMs) : {}),
    ...windowFields("short", short, { nowMs, isUnicode }),
    ...windowFields("week", long, { nowMs, isUnicode }),
    age: ageText(limits, nowMs),
  };
}

function stateFields(account: Account, block: Block | null, nowMs: number): Record<string, string> {
  const { state } = stateOf(account, block, nowMs);
  return { state, renewal: state === "unclear" || state === "backing-off" ? blockWords[state] : "" };
}

function windowFields(
  name: string,
  limit: Limit | null,
  { nowMs, isUnicode }: { nowMs: number; isUnicode: boolean },
): Record<string, string> {
  if (limit === null) return {};
  const left = 100 - usedPercentAt(limit, nowMs);
  return {
    [name]: String(Math.floor(left)),
    ...(hasStarted(limit, nowMs) ? { [`${name}_reset`]: durationText(windowEndMs(limit) - nowMs) } : {}),
    [`${name}_meter`]: meter(left, meterColumns, { ...plainLook, isUnicode }),
  };
}

/** A prompt brings its own colours. */
const plainLook = { green: same, yellow: same, red: same };

function same(text: string): string {
  return text;
}

function ageText(limits: readonly Limit[], nowMs: number): string {
  if (limits.length === 0) return "";
  const ageMs = nowMs - Math.max(...limits.map(({ observedAtMs }) => observedAtMs));
  return ageMs < freshMs ? "" : durationText(ageMs);
}
