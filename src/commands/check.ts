import type { Command } from "commander";
import { overrides } from "../codex/environment.ts";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { type Account, seatText } from "../pool/account.ts";
import { selectAccounts } from "../pool/select.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { limitColumns } from "../reports/limit-columns.ts";
import { hasUsage } from "../reports/live-probe.ts";
import { checkAccounts, type ResultReport, resultSchema } from "../reports/probe.ts";
import { unusedLoginNotes } from "../store/config-file.ts";
import type { Snapshot } from "../store/store.ts";
import { table } from "../ui/table.ts";
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
  notes: ({ results, summary: { paused }, notes }) => [
    ...renewedNotes(results),
    ...(paused === 0 ? [] : [`Paused, so not checked: ${paused}. Name them to check them.`]),
    ...notes,
  ],
  exitCode: ({ summary }) => (summary.failed > 0 ? 1 : 0),
});

/** A new token is in the pool: who looks at it elsewhere wants to know. */
function renewedNotes(results: readonly ResultReport[]): string[] {
  const names = results.filter(({ renewed }) => renewed).map((each) => uniqueName(each, results));
  return names.length === 0
    ? []
    : [`Renewed the ${names.length === 1 ? "login" : "logins"} of ${names.join(", ")}.`];
}

function unpaused({ pool }: Snapshot): Account[] {
  if (pool.accounts.length === 0)
    throw new CodexAuthError("account_not_found", "There are no accounts yet.", {
      hint: "Add one: codex auth import",
    });
  return pool.accounts.filter(({ pausedAt }) => pausedAt === null);
}

function render({ results }: { results: readonly ResultReport[] }, ui: Ui): string {
  if (results.length === 0) return "There is no account to check.";
  const quotas = limitColumns(results, ui.nowMs);
  const columns = [
    { title: "#" },
    { title: "ACCOUNT", least: 16 },
    { title: "PLAN", drop: 3 },
    { title: "RESULT" },
    ...quotas.columns,
  ];
  const rows = results.map((result) => [
    String(result.account.row),
    nameOf(result),
    result.plan ?? result.account.kind,
    resultText(result),
    ...quotas.cells(result),
  ]);
  const text = table(columns, rows, ui, (cell, row, { title }) => {
    const ok = results[row]?.ok;
    return title !== "RESULT" || ok === null ? cell : ok ? ui.green(cell) : ui.red(cell);
  });
  return [text, ...failureLines(results)].join("\n");
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
    paragraphs.set(text, [...(paragraphs.get(text) ?? []), uniqueName(result, results)]);
  }
  return [...paragraphs].map(([text, names]) => `\n${names.join(", ")}: ${text}`);
}

/** With plan and row where an e-mail has several seats. */
function uniqueName(result: ResultReport, results: readonly ResultReport[]): string {
  const { account, plan } = result;
  const name = nameOf(result);
  const isAlone = results.filter((each) => nameOf(each) === name).length === 1;
  return isAlone ? name : seatText({ name, plan, row: account.row });
}

function nameOf({ account: { label, name } }: ResultReport): string {
  return label ?? name;
}
