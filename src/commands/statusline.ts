import type { Command } from "commander";
import { isSameIdentity, type Login } from "../codex/auth-json.ts";
import type { Context } from "../context.ts";
import { type Account, accountIdOf } from "../pool/account.ts";
import { emptyPool, parsePool, type Pool } from "../pool/pool.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { type Block, blockWords, currentPlan } from "../quota/block.ts";
import {
  findWindows,
  hasStarted,
  type Limit,
  mergeLimits,
  usedPercentAt,
  windowEndMs,
} from "../quota/limit.ts";
import { stateOf } from "../reports/account.ts";
import { cachedSessionFigures } from "../reports/pool.ts";
import { readLiveFile } from "../store/auth-file.ts";
import { safeText } from "../text/safe-text.ts";
import { durationText } from "../text/times.ts";
import { isUnicodeLocale, meter } from "../ui/ui.ts";
import { readOwnText } from "../store/own-text.ts";

interface Options {
  format: string;
}

const schema = (z: Zod) =>
  z.object({
    text: z.string(),
    fields: z.record(z.string(), z.string()).describe("what the template may use; empty when not known"),
  });

const usual = "{account}[ 5h {short}%][ week {week}%][ ({age} old)][ {renewal}]";

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(`${command.description()}.\n\n${about}`)
      .option(
        "--format <template>",
        "fields in braces; a part in brackets only shows when its fields are known",
        usual,
      ),
  examples: [["codex auth statusline", "one short line for a prompt"]],
  schema,
  async run(ctx: Context, _args: [], { format }: Options) {
    const fields = await lineFields(ctx);
    return { text: fillTemplate(format, fields), fields };
  },
  render: ({ text }) => `${text}\n`,
  isPainted: true,
});

// The help wraps each paragraph by itself.
const about = [
  "Reads only auth.json, the pool and the figures that other commands kept; asks nothing and waits for nothing. What is not known is left out: then the line is empty, and the exit code is 0.",
  "",
  "Fields: {account} label or e-mail, {label}, {email}, {plan}, {row}, {state} as in list;",
  "{renewal}: renewal unclear, or renewal backing off, while its access token has ended;",
  "{short} and {week}: percent left; {short_meter} and {week_meter}: as bars;",
  "{short_reset} and {week_reset}: time to the reset;",
  "{age}: of the figures, when they are older than 15 minutes. {{ is a brace.",
].join("\n");

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

/** The active one is asked first: to hash an identity takes longer than all else. */
function accountOf({ accounts, activeId }: Pool, { identity }: Login): Account | undefined {
  const active = accounts.find(({ id }) => id === activeId);
  if (active && isSameIdentity(active.login.identity, identity)) return active;
  const id = accountIdOf(identity);
  return accounts.find((account) => account.id === id);
}

async function readFields(ctx: Context): Promise<Record<string, string>> {
  const pool = knownPool(ctx);
  const login = await liveLogin(ctx, pool);
  if (login === null) return {};
  const account = accountOf(pool, login);
  const id = account?.id ?? accountIdOf(login.identity);
  const index = account ? pool.accounts.indexOf(account) : -1;
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

/** A keyring is not asked: it may be slow, or ask a person. */
async function liveLogin(ctx: Context, { accounts, activeId }: Pool): Promise<Login | null> {
  const { login, state } = readLiveFile(ctx.fs, ctx.store.paths.authFile);
  const mode = (await ctx.store.keyringSlot())?.mode ?? null;
  if (mode === null || (mode === "auto" && state !== "missing")) return login;
  return accounts.find(({ id }) => id === activeId)?.login ?? null;
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

/**
 * Fills `{name}` in a template. A part in square brackets is left out when a field in it is not known; a name that
 * does not exist stays as it is, so that a mistake shows. `{{` is a brace.
 */
export function fillTemplate(template: string, fields: Readonly<Record<string, string>>): string {
  const isKnown = (name: string) => (fields[name] ?? "") !== "";
  const parts = template.replace(/\[([^[\]]*)\]/g, (whole, part: string) => {
    const names = [...part.matchAll(fieldPattern)].flatMap(([, name]) => (name === undefined ? [] : [name]));
    if (names.length === 0) return whole;
    return names.every(isKnown) ? part : "";
  });
  const text = parts.replace(fieldPattern, (whole, name?: string) => {
    if (name === undefined) return "{";
    return Object.hasOwn(fields, name) ? safeText(fields[name] ?? "") : whole;
  });
  return text.trim();
}

const fieldPattern = /\{\{|\{(\w+)\}/g;

/** What pool.json alone says; an empty pool when it cannot be read. For prompts, which never wait or fail. */
function knownPool({ fs, store }: Pick<Context, "fs" | "store">): Pool {
  const { poolFile } = store.paths;
  try {
    return parsePool(readOwnText(fs, poolFile) ?? "", poolFile);
  } catch {
    return emptyPool();
  }
}
