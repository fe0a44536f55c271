import type { Command } from "commander";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { guardAccount } from "../cli/guard-check.ts";
import type { GuardWindow } from "../cli/guard-check.ts";
import { readPoolState } from "../cli/pool-state.ts";
import { selectAccount } from "../cli/select-account.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { columnText } from "../ui/columns.ts";
import { percentText } from "../ui/forecast-lines.ts";
import { safeText } from "../ui/safe-text.ts";
import type { Ui } from "../ui/ui.ts";

interface Options {
  minRemaining: string;
  window?: string;
  account?: string;
  strict?: boolean;
}

const windows = ["any", "short", "long", "primary", "secondary"] as const;

const schema = (z: Zod) =>
  z.object({
    passed: z.boolean(),
    minRemainingPercent: z.number(),
    window: z.enum(windows).describe("any: every window of an account must have it"),
    strict: z.boolean(),
    accounts: z.array(
      z.object({
        accountId: z.string(),
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
      .option("--window <window>", "only this one: short, long, primary or secondary")
      .option("--account <account>", "this account, instead of any of the pool")
      .option("--strict", "an account of which nothing is known does not count"),
  examples: [["codex auth guard --min-remaining 20", "for CI and hooks"]],
  exits: {
    "1": "less than that is left, or the command failed",
  },
  schema,
  async run(ctx: Context, _args: [], { minRemaining, window = "any", account, strict = false }: Options) {
    const minRemainingPercent = readPercent(minRemaining);
    const rule = { minRemainingPercent, window: readWindow(window), strict };
    const state = await readPoolState(ctx);
    const one = account === undefined ? null : selectAccount(state.snapshot, account);
    const accounts = state.candidates
      .map((candidate, index) => guardAccount(state, candidate, { row: index + 1, rule }))
      .filter(({ accountId }) => one === null || accountId === one.id);
    return { passed: accounts.some(({ passed }) => passed), ...rule, accounts };
  },
  render: ({ passed, accounts, minRemainingPercent }, ui) => {
    if (accounts.length === 0)
      return "No: there are no accounts. Take in the login you have: codex auth import";
    const enough = `at least ${percentText(minRemainingPercent)} %`;
    const head = passed ? ui.green(`Yes: ${enough} is left.`) : ui.red(`No: nowhere is ${enough} left.`);
    return `${head}\n${accountLines(accounts, ui)}`;
  },
  exitCode: ({ passed }) => (passed ? 0 : 1),
});

// The help wraps each paragraph by itself.
const about = [
  "Exit 0: an account of the pool (with --account: this one) can be used now and has that much left.",
  "Exit 1: none has, or the command line is wrong; with --json, the second has `error`.",
  "Unknown counts as full, unless --strict; so does a window that was reset after the last report. Paused accounts, ones that need a new login and ones at their limit never pass.",
].join("\n");

function accountLines(
  accounts: readonly { passed: boolean; row: number; name: string; reason: string }[],
  ui: Ui,
): string {
  const rows = accounts.map(({ passed, row, name, reason }) => [
    passed ? "yes" : "no",
    String(row),
    safeText(name),
    safeText(reason),
  ]);
  return columnText(rows, (cell, row, column) =>
    column === 0 && !accounts[row]?.passed ? ui.yellow(cell) : cell,
  );
}

function readPercent(text: string): number {
  const percent = /^\d+(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (percent >= 0 && percent <= 100) return percent;
  throw new CodexAuthError("usage", `Invalid percentage: ${text}`, {
    hint: "A number from 0 to 100: codex auth guard --min-remaining 20",
  });
}

function readWindow(text: string): GuardWindow {
  const window = windows.find((each) => each === text);
  if (window !== undefined) return window;
  throw new CodexAuthError("usage", `Unknown window: ${text}`, {
    hint: "The windows are: short (5 h), long (week), primary, secondary",
  });
}
