import type { Command } from "commander";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { limitColumns } from "../cli/limit-columns.ts";
import { checkAccounts } from "../cli/account-check.ts";
import { hasUsage } from "../cli/live-probe.ts";
import { resultSchema } from "../cli/probe-report.ts";
import type { ResultReport } from "../cli/probe-report.ts";
import { selectAccounts } from "../cli/select-account.ts";
import { unusedLoginNotes } from "../cli/login-settings.ts";
import { overrides } from "../codex/environment.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../store/account.ts";
import type { Snapshot } from "../store/store.ts";
import { columnText } from "../ui/columns.ts";
import { safeText } from "../ui/safe-text.ts";
import type { Ui } from "../ui/ui.ts";

const schema = (z: Zod) =>
  z.object({
    results: z.array(resultSchema(z)),
    summary: z.object({
      checked: z.int(),
      ok: z.int(),
      failed: z.int(),
      nothingToAsk: z.int(),
      paused: z.int().describe("accounts that were left out; name them to check them"),
    }),
    notes: z
      .array(z.string())
      .describe("why Codex uses none of these logins in this folder, where that is so"),
  });

export default defineCommand({
  flags: (command: Command) =>
    command.argument(
      "[account...]",
      "rows, labels, e-mails, ids, or -; without any, all that are not paused",
    ),
  examples: [
    ["codex auth check", "ask OpenAI about every account"],
    ["codex auth check work", "about one"],
  ],
  exits: {
    "1": "an account failed, or the command did",
  },
  schema,
  async run(ctx: Context, [wanted]: [string[]]) {
    const snapshot = await ctx.store.read();
    const chosen = wanted.length > 0 ? selectAccounts(snapshot, wanted) : unpaused(snapshot);
    const results = await checkAccounts(ctx, chosen, { isAsked: true, asksWorkspace: true });
    const count = (ok: boolean | null) => results.filter((each) => each.ok === ok).length;
    const paused = wanted.length > 0 ? 0 : snapshot.pool.accounts.length - chosen.length;
    const summary = { checked: chosen.filter(hasUsage).length, ok: count(true), failed: count(false) };
    const ofEnvironment = overrides(ctx.env).map(({ name, effect }) => `${name} is set: ${effect}.`);
    const notes = [...ofEnvironment, ...unusedLoginNotes(ctx)];
    return { results, summary: { ...summary, nothingToAsk: count(null), paused }, notes };
  },
  render,
  notes: ({ summary: { paused }, notes }) => [
    ...(paused === 0 ? [] : [`Paused, so not checked: ${paused}. Name them to check them.`]),
    ...notes,
  ],
  exitCode: ({ summary }) => (summary.failed > 0 ? 1 : 0),
});

function unpaused({ pool }: Snapshot): Account[] {
  if (pool.accounts.length === 0)
    throw new CodexAuthError("account_not_found", "There are no accounts yet.", {
      hint: "Add one: codex auth import",
    });
  return pool.accounts.filter(({ pausedAt }) => pausedAt === null);
}

function render({ results }: { results: readonly ResultReport[] }, ui: Ui): string {
  if (results.length === 0) return "There is no account to check.";
  const quotas = limitColumns(results, ui);
  const head = ["#", "ACCOUNT", "PLAN", "RESULT", ...quotas.head];
  const rows = results.map((result) => [
    String(result.account.row),
    nameOf(result),
    safeText(result.plan ?? result.account.kind),
    resultText(result),
    ...quotas.cells(result),
  ]);
  const table = columnText([head, ...rows], (cell, row, column) => {
    if (row === 0) return ui.dim(cell);
    const ok = results[row - 1]?.ok;
    return column !== 3 || ok === null ? cell : ok ? ui.green(cell) : ui.red(cell);
  });
  return [table, ...failureLines(results)].join("\n");
}

function resultText({ ok, limitReached, reached, resetCredits }: ResultReport): string {
  if (ok === null) return "nothing to ask";
  if (!ok) return "failed";
  if (reached === "credits") return "no credits left";
  if (reached === "spend-cap") return "spend cap reached";
  if (!limitReached) return "ok";
  return resetCredits ? `used up, ${resetCredits} reset credits` : "used up";
}

/** One paragraph per kind of trouble: an offline machine is one fault and not fifty. */
function failureLines(results: readonly ResultReport[]): string[] {
  const paragraphs = new Map<string, string[]>();
  for (const result of results) {
    if (!result.failure) continue;
    const { message, hint } = result.failure;
    const text = hint === null ? message : `${message}\n  ${hint}`;
    paragraphs.set(text, [...(paragraphs.get(text) ?? []), nameOf(result)]);
  }
  return [...paragraphs].map(
    ([text, names]) => `\n${names.join(", ")}: ${text.split("\n").map(safeText).join("\n")}`,
  );
}

function nameOf({ account: { label, name } }: ResultReport): string {
  return safeText(label ?? name);
}
