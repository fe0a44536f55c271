import { clockText, counted, countText } from "../../text/times.ts";
import { displayWidth } from "../../text/width.ts";
import {
  noAccountsText,
  type QuotaFigures,
  quotaLines,
  type Recommendation,
  recommendationLines,
} from "../../ui/forecast-lines.ts";
import { type PoolFigures, poolLines } from "../../ui/pool-lines.ts";
import { table } from "../../ui/table.ts";
import type { Ui } from "../../ui/ui.ts";

/** The whole report for a terminal or a text file. */
export function reportLines(report: ReportFigures, ui: Ui): string {
  const { summary, accounts, forecast, runtime } = report;
  const { recommendation, pool } = forecast;
  const title = `Codex accounts, ${clockText(summary.generatedAt, 0)}: ${summary.accounts} in the pool, ${summary.ready} ready`;
  const outlook =
    accounts.length === 0
      ? noAccountsText
      : [
          quotaLines(accounts, ui),
          "",
          ...recommendationLines(recommendation, ui),
          ...poolLines(pool, ui),
        ].join("\n");
  const about = `codex-auth ${runtime.version}, Node ${runtime.nodeVersion}, ${runtime.platform}; ${counted(runtime.sessionFiles, "session log")} in ${runtime.codexHome}`;
  return [ui.bold(title), outlook, usageText(report, ui), findingsText(report, ui), ui.dim(about)].join(
    "\n\n",
  );
}

function usageText({ usage }: ReportFigures, ui: Ui): string {
  const head = ui.bold(`Tokens since ${usage.since}, from the session logs of this machine`);
  if (total(usage.total) === 0) return `${head}\nnone`;
  const days = usage.days.filter((day) => total(day) > 0);
  const shown = days.slice(-shownDays);
  const most = Math.max(...shown.map(total));
  const names = [
    ...usage.accounts.map(({ name }) => name),
    ...usage.models.map(({ model }) => modelName(model)),
  ];
  const nameColumns = Math.max(...names.map((name) => displayWidth(name)), "2026-11-20".length);
  const part = (title: string, rows: readonly string[][]) =>
    table([{ title, least: 12, atLeast: nameColumns }, ...countColumns], rows, ui);
  const left = days.length - shown.length;
  return [
    head,
    part("DAY", [
      ...shown.map((day) => tokenRow(day.day, day, bar(total(day) / most, ui))),
      tokenRow("total", usage.total),
    ]),
    ...(left === 0
      ? []
      : [ui.dim(`${counted(left, "earlier day")} not shown, but counted: --json has all.`)]),
    part(
      "ACCOUNT",
      usage.accounts.map((each) => tokenRow(each.name, each)),
    ),
    part(
      "MODEL",
      usage.models.map((each) => tokenRow(modelName(each.model), each)),
    ),
  ].join("\n");
}

const shownDays = 14;

const countColumns = [
  ...["IN", "CACHED", "OUT"].map((title) => ({ title, isRight: true, atLeast: 7 })),
  { title: "", drop: 1 },
];

function modelName(model: string | null): string {
  return model ?? "model not known";
}

function tokenRow(name: string, tokens: TokenFigures, drawing = ""): string[] {
  const counts = [tokens.inputTokens, tokens.cachedInputTokens, tokens.outputTokens];
  return [name, ...counts.map(countText), drawing];
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
    `${paint(severity, ui)(`${severity}:`)} ${message}`,
    ...(fix === null ? [] : [`  ${fix}`]),
  ]);
  return [ui.bold("Findings"), ...lines].join("\n");
}

function paint(severity: string, { red, yellow, cyan }: Ui): (text: string) => string {
  if (severity === "error") return red;
  return severity === "warning" ? yellow : cyan;
}

export interface TokenFigures {
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  apiUsd: number | null;
}

/** The part of a report that a person sees, as text or as a page. */
export interface ReportFigures {
  summary: {
    generatedAt: string;
    accounts: number;
    ready: number;
    tokens: number;
  };
  accounts: readonly QuotaFigures[];
  usage: {
    since: string;
    until: string;
    total: TokenFigures;
    days: readonly (TokenFigures & { day: string })[];
    accounts: readonly (TokenFigures & { accountId: string | null; name: string })[];
    models: readonly (TokenFigures & { model: string | null })[];
    projects: readonly (TokenFigures & { folder: string | null })[];
    rows: readonly (TokenFigures & { day: string; accountId: string | null })[];
    calendar: readonly { day: string; tokens: number }[];
  };
  forecast: {
    recommendation: Recommendation;
    pool: PoolFigures;
    courses: readonly Course[];
  };
  findings: readonly { severity: string; message: string; fix: string | null }[];
  runtime: {
    version: string;
    nodeVersion: string;
    platform: string;
    codexHome: string;
    sessionFiles: number;
  };
}

export interface Course {
  accountId: string;
  kind: string;
  points: readonly { at: string; p10: number; p50: number; p90: number }[];
}
