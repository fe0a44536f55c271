import type { Context, Output } from "../../context.ts";
import type { CodexProcess } from "../../machine/codex-processes.ts";
import { currentProcess } from "../../machine/processes.ts";
import { accountNames } from "../../pool/account.ts";
import type { Zod } from "../../program/command.ts";
import { binMs } from "../../quota/forecast/past.ts";
import { hourMs, mainLimitId } from "../../quota/limit.ts";
import { type PoolReport, poolSchema, reportPool } from "../../reports/forecast.ts";
import { type HistoryOf, readPoolHistory, readPoolState } from "../../reports/pool.ts";
import { type QuotaReport, quotaSchema, reportQuotas } from "../../reports/quota.ts";
import {
  rankPool,
  recommend,
  type Recommendation,
  recommendationSchema,
} from "../../reports/recommendation.ts";
import { processSchema } from "../../reports/running-codex.ts";
import { borrowers } from "../../store/homes/home-owner.ts";
import { field, jsonOrNull, readList, readText } from "../../text/json.ts";

export const watchSchema = (z: Zod) =>
  z.object({
    accounts: z.array(
      quotaSchema(z).extend({
        lastDay: z
          .object({ windowMinutes: z.number(), percentPerHour: z.array(z.number()).length(hoursShown) })
          .nullable()
          .describe("how the last 24 hours used its longest window, oldest first; null: nothing is known"),
      }),
    ),
    recommendation: recommendationSchema(z),
    pool: poolSchema(z),
    processes: z
      .array(
        processSchema(z).extend({
          holds: z
            .string()
            .nullable()
            .describe(
              "`id` of the account with which it runs; null: it started before auth.json was written",
            ),
        }),
      )
      .describe("running Codex"),
    commands: z
      .array(
        z.object({
          pid: z.int(),
          holds: z.string().describe("`id` of the account with whose login it runs"),
          rotates: z.boolean().describe("a rotation proxy of its own chooses the accounts"),
        }),
      )
      .describe("started by exec"),
    decisions: z.array(decisionSchema(z)).describe("of the rotation proxy and the gateway, newest first"),
    live: z.boolean().describe("it was the full-screen view; these are its last figures"),
  });

const hoursShown = 24;

type WindowReport = QuotaReport["windows"][number];

export interface AccountFigures extends Omit<QuotaReport, "windows"> {
  windows: (Omit<WindowReport, "source"> & { source: string })[];
  lastDay: { windowMinutes: number; percentPerHour: number[] } | null;
}

/** A running Codex. */
interface Running extends Omit<CodexProcess, "editor"> {
  editor?: string | undefined;
  holds: string | null;
}

/** A command that `exec` runs in a home of its own, where no other Codex is seen. */
interface PrivateCommand {
  pid: number;
  holds: string;
  rotates: boolean;
}

/** What the view shows, as it is known without a request. */
export interface Figures {
  accounts: AccountFigures[];
  recommendation: Recommendation;
  pool: PoolReport;
  processes: Running[];
  commands: PrivateCommand[];
  decisions: Decision[];
}

/** Which account each Codex had when it was seen first: it keeps the login with which it started. */
export type Holders = Map<string, string | null>;

export async function readFiguresToWatch(ctx: Context, holders: Holders = new Map()): Promise<Figures> {
  const state = await readPoolState(ctx);
  const historyOf = readPoolHistory(ctx, state);
  const quotas = reportQuotas(state, historyOf);
  const ready = quotas.filter(({ isReady }) => isReady).length;
  return {
    accounts: quotas.map((account) => Object.assign(account, { lastDay: lastDayOf(account, historyOf) })),
    recommendation: recommend(state, rankPool(state)),
    pool: reportPool(state, historyOf, ready),
    processes: runningOf(ctx, state.snapshot.active?.id ?? null, holders),
    commands: privateCommands(ctx),
    decisions: await lastDecisions(ctx, accountNames(state.snapshot.pool.accounts)),
  };
}

function lastDayOf({ id, limits }: QuotaReport, historyOf: HistoryOf): AccountFigures["lastDay"] {
  const lengths = limits.flatMap(({ limitId, windowMinutes }) =>
    limitId === mainLimitId && windowMinutes !== null ? [windowMinutes] : [],
  );
  if (lengths.length === 0) return null;
  const windowMinutes = Math.max(...lengths);
  const bins = Array.from(historyOf(id, windowMinutes).percentPerBin);
  const binsPerHour = hourMs / binMs;
  const percentPerHour = Array.from({ length: hoursShown }, (_, hour) => {
    const end = bins.length - (hoursShown - 1 - hour) * binsPerHour;
    const sum = bins
      .slice(Math.max(0, end - binsPerHour), Math.max(0, end))
      .reduce((all, each) => all + each, 0);
    return Math.round(sum * 100) / 100;
  });
  return { windowMinutes, percentPerHour };
}

function privateCommands({ fs, store }: Context): PrivateCommand[] {
  const rotating = new Set(store.rotationRuns.read().map(({ process: { pid } }) => pid));
  return borrowers(fs, store.paths, currentProcess()).map(({ pid, accountId: holds }) => ({
    pid,
    holds,
    rotates: rotating.has(pid),
  }));
}

/** One that started after auth.json was written has what stands there. */
function runningOf(ctx: Context, activeId: string | null, holders: Holders): Running[] {
  const writtenMs = ctx.fs.statSync(ctx.store.paths.authFile, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
  return (ctx.processes() ?? []).map((each) => {
    const key = `${each.pid} ${each.startedAt}`;
    const known = holders.get(key) ?? null;
    const holds = known ?? (Date.parse(each.startedAt) >= writtenMs ? activeId : null);
    holders.set(key, holds);
    return Object.assign({ ...each }, { holds });
  });
}

const servers = ["rotation", "gateway"] as const;

const decisionSchema = (z: Zod) =>
  z.object({
    at: z.iso.datetime(),
    server: z.enum(servers).describe("who decided it"),
    kind: z.string(),
    name: z.string().nullable().describe("of the account; null: none"),
    client: z.string().nullable().describe("of the gateway: name of the key whose request it was"),
    reason: z.string(),
    outcome: z.string().nullable().describe("null while it runs"),
  });

interface Decision {
  at: string;
  server: (typeof servers)[number];
  kind: string;
  name: string | null;
  client: string | null;
  reason: string;
  outcome: string | null;
}

/** What the rotation proxy and the gateway of this store decided last, as their `status` tells it; newest first. */
async function lastDecisions(ctx: Context, nameOf: (id: string) => string): Promise<Decision[]> {
  const told = await Promise.all(servers.map((server) => decisionsOf(ctx, server, nameOf)));
  return told.flat().sort((a, b) => b.at.localeCompare(a.at));
}

async function decisionsOf(
  ctx: Context,
  server: Decision["server"],
  nameOf: (id: string) => string,
): Promise<Decision[]> {
  if (ctx.store[server].read()?.liveness !== "alive") return [];
  const { env, cwd, stdout, runCaptured } = ctx;
  const plain: Output = { ...stdout, isTerminal: false, colorLevel: 0 };
  const { output } = await runCaptured({ env, cwd }, [server, "status", "--json"], plain);
  const document = jsonOrNull(output);
  const decisions = field(server === "rotation" ? field(document, "proxy") : document, "decisions");
  return readList(decisions).map((each) => {
    const text = (name: string) => readText(field(each, name));
    const id = text("accountId");
    const ours = id === null ? null : nameOf(id);
    return {
      at: text("at") ?? new Date(0).toISOString(),
      server,
      kind: text("kind") ?? "",
      // Accounts that gateways share are not in the pool of this machine.
      name: ours === id ? (text("accountName") ?? id) : ours,
      client: text("client"),
      reason: text("reason") ?? "",
      outcome: text("outcome"),
    };
  });
}
