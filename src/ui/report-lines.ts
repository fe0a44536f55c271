import { columnText } from "./columns.ts";
import { countText } from "./count-text.ts";
import { noAccountsText, poolLine, quotaLines, recommendationLines } from "./forecast-lines.ts";
import type { ReportFigures, TokenFigures } from "./report-figures.ts";
import { safeText } from "./safe-text.ts";
import { clockText } from "./time.ts";
import type { Ui } from "./ui.ts";

/** The whole report for a terminal or a text file. */
export function reportLines(report: ReportFigures, ui: Ui): string {
  const { summary, accounts, forecast, runtime } = report;
  const { recommendation, pool } = forecast;
  const title = `Codex accounts, ${clockText(summary.generatedAt, 0)}: ${summary.accounts} in the pool, ${summary.ready} ready`;
  const outlook =
    accounts.length === 0
      ? noAccountsText
      : [quotaLines(accounts, ui), "", ...recommendationLines(recommendation, ui), poolLine(pool, ui)].join(
          "\n",
        );
  const about = `codex-auth ${runtime.version}, Node ${runtime.nodeVersion}, ${runtime.platform}; session logs in ${safeText(runtime.codexHome)}: ${runtime.sessionFiles}`;
  return [ui.bold(title), outlook, usageText(report, ui), findingsText(report, ui), ui.dim(about)].join(
    "\n\n",
  );
}

function usageText({ usage }: ReportFigures, ui: Ui): string {
  const head = ui.bold(`Tokens since ${usage.since}, from the session logs of this machine`);
  if (total(usage.total) === 0) return `${head}\nnone`;
  const days = usage.days.filter((day) => total(day) > 0).slice(-14);
  const most = Math.max(...days.map(total));
  const rows = [
    titles("DAY"),
    ...days.map((day) => tokenRow(day.day, day, bar(total(day) / most, ui))),
    titles("ACCOUNT"),
    ...usage.accounts.map((each) => tokenRow(each.name, each)),
    titles("MODEL"),
    ...usage.models.map((each) => tokenRow(each.model ?? "model not known", each)),
  ];
  const isTitle = (row: number) => rows[row]?.[1]?.endsWith("IN") === true;
  return `${head}\n${columnText(rows, (cell, row) => (isTitle(row) ? ui.dim(cell) : cell))}`;
}

function titles(first: string): string[] {
  return [first, ...["IN", "CACHED", "OUT"].map((title) => title.padStart(countColumns)), ""];
}

const countColumns = 7;

function tokenRow(name: string, tokens: TokenFigures, drawing = ""): string[] {
  const counts = [tokens.inputTokens, tokens.cachedInputTokens, tokens.outputTokens];
  return [safeText(name), ...counts.map((count) => countText(count).padStart(countColumns)), drawing];
}

function bar(share: number, { isUnicode }: Ui): string {
  return (isUnicode ? "█" : "#").repeat(Math.max(1, Math.round(share * 20)));
}

function total({ inputTokens, outputTokens }: TokenFigures): number {
  return inputTokens + outputTokens;
}

function findingsText({ findings }: ReportFigures, ui: Ui): string {
  if (findings.length === 0) return ui.green("Nothing is wrong.");
  const lines = findings.flatMap(({ severity, message, fix }) => [
    `${paint(severity, ui)(`${severity}:`)} ${safeText(message)}`,
    ...(fix === null ? [] : [`  ${safeText(fix)}`]),
  ]);
  return [ui.bold("Findings"), ...lines].join("\n");
}

function paint(severity: string, { red, yellow, cyan }: Ui): (text: string) => string {
  if (severity === "error") return red;
  return severity === "warning" ? yellow : cyan;
}
