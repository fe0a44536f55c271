import type { Command } from "commander";
import {
  type FlaggedAccount,
  flaggedAccounts,
  type FlagVerdict,
  settleFlags,
  unclearAccounts,
} from "../auth/probe/flags.ts";
import type { Context } from "../context.ts";
import type { Account } from "../pool/account.ts";
import { stateWords } from "../pool/state.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { accountSchema, reportOf } from "../reports/account.ts";
import { probeAccounts } from "../reports/live-probe.ts";
import { failureSchema, reportFailure } from "../reports/probe.ts";
import { table } from "../ui/table.ts";
import type { Ui } from "../ui/ui.ts";

interface Options {
  dryRun?: boolean;
  restore?: boolean;
}

const outcomes = [
  "restored",
  "still-flagged",
  "still-unclear",
  "healthy-not-restored",
  "not-tested",
] as const;
type Outcome = (typeof outcomes)[number];

const schema = (z: Zod) =>
  z.object({
    dryRun: z.boolean(),
    results: z.array(
      z.object({
        account: accountSchema(z),
        outcome: z
          .enum(outcomes)
          .describe("`still-unclear`: its renewal brought no token again; `not-tested`: in a dry run only"),
        test: z
          .enum(["usage", "renewal", "none"])
          .describe("how it is tested; `none`: only a new login helps"),
        reason: z.string(),
        failure: failureSchema(z).nullable(),
      }),
    ),
    summary: z.object({
      flagged: z.int().describe("accounts that need a new sign-in, or whose renewal was unclear"),
      restored: z.int(),
      stillFlagged: z.int(),
      healthyNotRestored: z.int(),
      unclear: z.int().describe("tests that OpenAI did not answer; these accounts stay as they are"),
    }),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .option("--dry-run", "show which accounts would be tested; ask nobody, change nothing")
      .option("--no-restore", "only test: do not use the healthy ones again"),
  examples: [
    ["codex auth verify-flagged", "test accounts that need a new sign-in, and unclear renewals"],
    ["codex auth verify-flagged --dry-run", "show which; asks nobody"],
  ],
  schema,
  async run(ctx: Context, _args: [], { dryRun = false, restore = true }: Options) {
    const snapshot = await ctx.store.read();
    const { accounts } = snapshot.pool;
    const flagged = [...flaggedAccounts(accounts, ctx.now()), ...unclearAccounts(accounts, ctx.now())];
    const tested = dryRun ? [] : await testAll(ctx, flagged, restore);
    const usage = ctx.store.usage();
    const { pool } = dryRun ? snapshot : await ctx.store.read();
    const results = flagged.flatMap(({ account: { id }, test }) => {
      const account = pool.accounts.find((each) => each.id === id);
      if (!account) return [];
      const { outcome, reason, failure } = tested.find((each) => each.id === id) ?? intended[test];
      const report = reportOf({ ...snapshot, pool }, account, ctx.now(), usage);
      return [{ account: report, outcome, test, reason, failure }];
    });
    const count = (wanted: Outcome) => results.filter(({ outcome }) => outcome === wanted).length;
    return {
      dryRun,
      results,
      summary: {
        flagged: flagged.length,
        restored: count("restored"),
        stillFlagged: count("still-flagged"),
        healthyNotRestored: count("healthy-not-restored"),
        unclear: tested.filter(({ isClear }) => !isClear).length,
      },
    };
  },
  render,
  exitCode: ({ summary }) => (summary.unclear > 0 ? 1 : 0),
});

const notTested = { outcome: "not-tested" as const, failure: null };
const intended = {
  usage: { ...notTested, reason: "its access token would be tested with a question about its usage" },
  renewal: { ...notTested, reason: "it would be renewed, then tested with a question about its usage" },
  none: { ...notTested, reason: "nothing would be sent: only a new login helps" },
};

async function testAll(ctx: Context, flagged: readonly FlaggedAccount[], mayRestore: boolean) {
  const ask = (accounts: readonly Account[]) =>
    probeAccounts(ctx, accounts, { isFlagged: true, isAsked: true });
  const tested = await settleFlags(ctx.store, flagged, { mayRestore, ask });
  return tested.map(({ account: { id }, flag, probe, verdict, isRestored }) => ({
    id,
    outcome: flag || verdict.isClear ? outcomeOf(verdict, isRestored) : ("still-unclear" as const),
    reason: verdict.reason,
    isClear: verdict.isClear,
    failure: probe?.kind === "failure" ? reportFailure(probe.failure) : null,
  }));
}

function outcomeOf({ isHealthy }: FlagVerdict, isRestored: boolean): Outcome {
  if (isRestored) return "restored";
  return isHealthy ? "healthy-not-restored" : "still-flagged";
}

interface Rendered {
  results: readonly {
    account: { row: number; label: string | null; name: string };
    outcome: Outcome;
    reason: string;
  }[];
}

function render({ results }: Rendered, ui: Ui): string {
  if (results.length === 0) return "No account needs a new sign-in.";
  const rows = results.map(({ account: { row, label, name }, outcome, reason }) => [
    String(row),
    label ?? name,
    outcome,
    reason,
  ]);
  const columns = [{ title: "#" }, { title: "ACCOUNT", least: 16 }, { title: "RESULT" }, { title: "WHY" }];
  const text = table(columns, rows, ui, (cell, _row, { title }) => {
    if (title !== "RESULT") return cell;
    return cell === "restored" ? ui.green(cell) : cell.startsWith("still-") ? ui.yellow(cell) : cell;
  });
  const isLost = results.some(({ outcome }) => outcome === "still-flagged");
  return isLost
    ? `${text}\n\nWhat still says "${stateWords.flagged}" needs a new sign-in, unless its workspace opens again: codex auth login`
    : text;
}
