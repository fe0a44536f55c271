import type { Command } from "commander";
import type { Context } from "../../context.ts";
import { selectAccount } from "../../pool/select.ts";
import { accountSynonym, defineCommand, offering, type Zod } from "../../program/command.ts";
import type { Candidate } from "../../quota/candidate.ts";
import { findWindows, minuteMs, windowEndMs } from "../../quota/limit.ts";
import { askAll, failureNotes } from "../../reports/forecast.ts";
import { readPoolState } from "../../reports/pool.ts";
import { failureSchema } from "../../reports/probe.ts";
import { addJobSummary } from "../../store/files/new-file.ts";
import { safeText } from "../../text/safe-text.ts";
import { clockText } from "../../text/times.ts";
import { percentText } from "../../ui/forecast-lines.ts";
import { table } from "../../ui/table.ts";
import type { Ui } from "../../ui/ui.ts";
import { guardAccount, type GuardRule, readPercent, readWait, readWindow, windows } from "./rule.ts";

interface Options {
  minRemaining: string;
  window?: string;
  account?: string;
  live?: boolean;
  wait?: string;
  allowUnknown?: boolean;
  strict?: boolean;
}

const schema = (z: Zod) =>
  z.object({
    passed: z.boolean(),
    minRemainingPercent: z.number(),
    window: z.enum(windows).describe("any: every window of an account must have it"),
    strict: z.boolean(),
    allowUnknown: z.boolean(),
    waitedMs: z.number().describe("with --wait: how long it waited"),
    failures: z
      .array(failureSchema(z).extend({ id: z.string().describe("of the account") }))
      .describe("with --live: the accounts that could not be asked; their figures are the known ones"),
    accounts: z.array(
      z.object({
        id: z.string(),
        row: z.int().min(1),
        name: z.string(),
        passed: z.boolean(),
        remainingPercent: z
          .number()
          .nullable()
          .describe("of the emptiest window that counts; null: not known"),
        reason: z.string().describe("for a person"),
      }),
    ),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(`${command.description()}.\n\n${about}`)
      .option("--min-remaining <percent>", "what must be left of each window, 0 to 100", "1")
      .addOption(
        offering(
          command.createOption(
            "--window <window>",
            "look only at this window: short, long, primary or secondary",
          ),
          windows,
        ),
      )
      .argument("[account]", "only this account, instead of all in the pool")
      .addOption(accountSynonym(command))
      .option("--live", "ask OpenAI first, as `check` does")
      .option(
        "--wait <time>",
        "if none passes, wait until one does, but not longer than this, as in 30m or 2h",
      )
      .option("--allow-unknown", "an account passes even if nothing is known about it")
      .option("--strict", "API keys do not pass, because they have no quota of a plan")
      .option("-q, --quiet", "print nothing; the exit code is the answer"),
  examples: [["codex auth guard --min-remaining 20", "for CI and hooks"]],
  exits: {
    "1": "less than that is left, or the command failed",
  },
  schema,
  async run(ctx: Context, [named]: [string?], options: Options) {
    const { window = "any", account, strict = false, allowUnknown = false } = options;
    const rule: GuardRule = {
      minRemainingPercent: readPercent(options.minRemaining),
      window: readWindow(window),
      strict,
      allowUnknown,
    };
    const order = { wanted: named ?? account, rule, isLive: options.live ?? false };
    const startMs = ctx.now();
    const endMs = startMs + readWait(options.wait);
    let found = await look(ctx, order);
    while (!found.passed && ctx.now() < endMs) {
      await waitForChange(ctx, found.nextMs, endMs);
      found = await look(ctx, order);
    }
    const { passed, accounts, failures } = found;
    const report = { passed, ...rule, waitedMs: ctx.now() - startMs, failures, accounts };
    if (ctx.env["GITHUB_ACTIONS"] === "true") tellGitHub(ctx, report);
    return report;
  },
  render: (report, ui) => {
    if (report.accounts.length === 0) return ui.red(headline(report));
    const head = report.passed ? ui.green(headline(report)) : ui.red(headline(report));
    return `${head}\n${accountLines(report.accounts, ui)}`;
  },
  notes: failureNotes,
  exitCode: ({ passed }) => (passed ? 0 : 1),
});

// The help wraps each paragraph by itself.
const about = [
  "Exit 0: an account of the pool (or the named one) can be used now and has that much left. A window that was reset after the last report is full.",
  "Exit 1: none has, nothing is known, or the command line is wrong; with --json only the last has `error`.",
  "An API key has no quota of a plan, so it passes. Paused accounts, ones that need a new sign-in and limited ones never pass. In GitHub Actions the reason is also an annotation and in the summary of the job.",
].join("\n");

interface Order {
  wanted: string | undefined;
  rule: GuardRule;
  isLive: boolean;
}

async function look(ctx: Context, { wanted, rule, isLive }: Order) {
  const failures = isLive ? await askAll(ctx) : [];
  const state = await readPoolState(ctx);
  const one = wanted === undefined ? null : selectAccount(state.snapshot, wanted);
  const counted = state.candidates
    .map((candidate, index) => ({ candidate, row: index + 1 }))
    .filter(({ candidate }) => one === null || candidate.id === one.id);
  const accounts = counted.map(({ candidate, row }) => guardAccount(state, candidate, { row, rule }));
  const times = counted.flatMap(({ candidate }) => changesOf(candidate)).filter((ms) => ms > state.nowMs);
  const nextMs = times.length === 0 ? null : Math.min(...times);
  return { passed: accounts.some(({ passed }) => passed), accounts, failures, nextMs };
}

/** When more may be left than now: at the end of a block, or when a window is full again. */
function changesOf({ block, limits }: Candidate): number[] {
  const { short, long } = findWindows(limits);
  const ends = [short, long].flatMap((limit) => (limit === null ? [] : [windowEndMs(limit)]));
  return block === null ? ends : [block.untilMs, ...ends];
}

/** Another program may learn of a reset sooner, and a computer that slept has a clock that jumped. */
const longestRestMs = 5 * minuteMs;

async function waitForChange(ctx: Context, nextMs: number | null, endMs: number): Promise<void> {
  const nowMs = ctx.now();
  const when =
    nextMs === null ? "" : `; the next reset is ${clockText(new Date(nextMs).toISOString(), nowMs)}`;
  const last = clockText(new Date(endMs).toISOString(), nowMs);
  ctx.stderr.write(`Waiting until ${last} at the latest${when}.\n`);
  const untilMs = Math.min(endMs, (nextMs ?? Number.POSITIVE_INFINITY) + 1000, nowMs + longestRestMs);
  await ctx.interruptible((stop) => ctx.sleep(Math.max(1, untilMs - nowMs), stop));
}

function accountLines(
  accounts: readonly { passed: boolean; row: number; name: string; reason: string }[],
  ui: Ui,
): string {
  const rows = accounts.map(({ passed, row, name, reason }) => [
    passed ? "yes" : "no",
    String(row),
    name,
    reason,
  ]);
  const columns = [{ title: "" }, { title: "" }, { title: "", least: 16 }, { title: "" }];
  return table(columns, rows, ui, (cell, row, column) =>
    column === columns[0] && !accounts[row]?.passed ? ui.yellow(cell) : cell,
  );
}

interface Verdict {
  passed: boolean;
  minRemainingPercent: number;
  accounts: readonly { passed: boolean; row: number; name: string; reason: string }[];
}

function headline({ passed, minRemainingPercent, accounts }: Verdict): string {
  const percent = `${percentText(minRemainingPercent)} %`;
  if (accounts.length === 0)
    return "No: there are no accounts. Take in the login you have: codex auth import";
  if (passed) return `Yes: an account has at least ${percent} left.`;
  const [only] = accounts;
  return accounts.length === 1 && only
    ? `No: ${only.name} does not have ${percent} left.`
    : `No account has ${percent} left.`;
}

/** An annotation goes to the log of the job, its summary to the file that the runner names. */
function tellGitHub(ctx: Context, report: Verdict): void {
  const text = headline(report);
  const escaped = text.replaceAll("%", "%25");
  if (!report.passed) ctx.stderr.write(`::error title=codex-auth guard::${escaped}\n`);
  const file = ctx.env["GITHUB_STEP_SUMMARY"];
  if (!file) return;
  const cell = (word: string) => safeText(word).replaceAll(/[|<>&\\`*_[\]]/g, "\\$&");
  const rows = report.accounts.map(
    ({ passed, row, name, reason }) =>
      `| ${passed ? "yes" : "no"} | ${row} | ${cell(name)} | ${cell(reason)} |`,
  );
  const lines = [
    `### ${cell(text)}`,
    "",
    "| passes | row | account | why |",
    "| --- | --- | --- | --- |",
    ...rows,
  ];
  addJobSummary(ctx.fs, file, `${lines.join("\n")}\n\n`);
}
