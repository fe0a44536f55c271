import { isKnownPlan } from "../accounts/plan.ts";
import { columnText } from "./columns.ts";
import { meter } from "./meter.ts";
import { safeText } from "./safe-text.ts";
import { clockText, durationText, relativeText } from "./time.ts";
import type { Ui } from "./ui.ts";
import { lastsText, resetText, windowName } from "./window-text.ts";

interface Range {
  p10: number;
  p50: number;
  p90: number;
}

export interface WindowFigures {
  kind: string;
  windowMinutes: number;
  remainingPercent: number;
  resetsAt: string | null;
  ageMs: number;
  source: string;
  emptyInMs: Range | null;
  basis: "analogs" | "rate" | null;
  historyDays: number | null;
  isHistoryShort: boolean;
}

export interface QuotaFigures {
  row: number;
  active: boolean;
  label: string | null;
  name: string;
  email: string | null;
  id: string;
  plan: string | null;
  kind: string;
  state: string;
  stateReason: string | null;
  isReady: boolean;
  risk: string;
  windows: readonly WindowFigures[];
}

export interface PoolFigures {
  isDry: boolean;
  accounts: number;
  horizonMs: number;
  dryPercent: number | null;
  dryInMs: Range | null;
  refills: readonly { name: string; at: string; windowMinutes: number; refillPercent: number }[];
}

export const noAccountsText = "No accounts yet. Take in the login you have: codex auth import";

/** For each account a line, and below it one for each of its windows; the windows of all stand in the same columns. */
export function quotaLines(accounts: readonly QuotaFigures[], ui: Ui): string {
  const rows = accounts.flatMap(({ windows }) => windows.map((each) => windowCells(each, ui)));
  const table = columnText([["", "WINDOW", "LEFT", "", "RESETS", "LASTS"], ...rows]).split("\n");
  const [head = "", ...lines] = table.map((line) => `     ${line}`.trimEnd());
  const text = accounts.flatMap((account) => {
    const own = lines.splice(0, account.windows.length).map((line, index) => {
      const window = account.windows[index];
      return window ? line.replace(barMark, () => meter(window.remainingPercent, barColumns(ui), ui)) : line;
    });
    return [accountLine(account, ui), ...own, ...factLines(account, ui)];
  });
  return [...(rows.length > 0 ? [ui.dim(head)] : []), ...text].join("\n");
}

/** Stands for the bar until the columns are known: colours have no width. */
const barMark = /\u0001+/;

function barColumns({ columns }: Ui): number {
  return Math.max(6, Math.min(20, columns - 70));
}

function windowCells(window: WindowFigures, ui: Ui): string[] {
  const { windowMinutes, remainingPercent, resetsAt } = window;
  return [
    "",
    windowName(windowMinutes),
    "\u0001".repeat(barColumns(ui)),
    `${percentText(remainingPercent)} %`.padStart(6),
    resetText(resetsAt, ui.nowMs),
    windowLasts(window, ui.nowMs),
  ];
}

function windowLasts({ emptyInMs, resetsAt, remainingPercent }: WindowFigures, nowMs: number): string {
  if (resetsAt === null) return "";
  if (remainingPercent <= 0) return "empty";
  return emptyInMs === null ? "unknown" : lastsText(emptyInMs, Date.parse(resetsAt) - nowMs, "the reset");
}

function accountLine(account: QuotaFigures, ui: Ui): string {
  const { active, row, label, plan, kind, isReady, risk } = account;
  const name = ui.bold(safeText(label === null ? account.name : `${label} (${account.name})`));
  const state = isReady ? ui.green("ready") : ui.yellow(safeText(account.stateReason ?? account.state));
  const riskText = isReady && risk !== "unknown" ? `, ${riskWords(risk, ui)}` : "";
  const planText = plan === null ? (kind === "chatgpt" ? "plan unknown" : kind) : planName(plan);
  return `${active ? "*" : " "} ${String(row).padStart(2)} ${name}, ${planText}: ${state}${riskText}`;
}

function planName(plan: string): string {
  return isKnownPlan(plan) ? plan : `${safeText(plan)} (a plan of unknown size, counted as plus)`;
}

function riskWords(risk: string, ui: Ui): string {
  if (risk === "high") return ui.red("high risk");
  return risk === "medium" ? ui.yellow("medium risk") : `${risk} risk`;
}

/** How old the figures are, and how far they can be trusted. */
function factLines({ windows, isReady }: QuotaFigures, ui: Ui): string[] {
  const [first] = windows;
  if (first === undefined)
    return isReady ? [ui.dim("     nothing is known of its quota yet; it counts as full")] : [];
  const ageMs = Math.min(...windows.map((each) => each.ageMs));
  const facts = [
    `as of ${ageMs < 60_000 ? "now" : `${durationText(ageMs)} ago`}${sourceWords(first.source)}`,
  ];
  const days = Math.max(0, ...windows.map((each) => each.historyDays ?? 0));
  const isGuess = windows.some(({ basis }) => basis === "rate");
  const isShort = windows.some(({ isHistoryShort }) => isHistoryShort);
  if (windows.every(({ basis }) => basis === null)) facts.push("no history yet");
  else if (isGuess) facts.push("little history: the pace of the last two hours");
  else if (isShort) facts.push(`${Math.ceil(days)} d of history`);
  return [ui.dim(`     ${facts.join("; ")}`)];
}

function sourceWords(source: string): string {
  return source === "session" ? ", from the session logs" : "";
}

export interface Recommendation {
  kind: string;
  name: string | null;
  reason: string;
  explanation: string;
  until: string | null;
  hint: string | null;
}

/** `--explain` shows the whole sentence of the ranking. */
export function recommendationLines(
  { kind, name, reason, explanation, until, hint }: Recommendation,
  ui: Ui,
  isExplained = false,
): string[] {
  if (isExplained) return [safeText(explanation)];
  if (kind === "use") return [`Use ${ui.bold(safeText(name ?? ""))} next: ${safeText(reason)}.`];
  const back = until === null ? "" : ` (${relativeText(until, ui.nowMs)})`;
  const lines = [ui.yellow(`Nothing to use now: ${safeText(reason)}${back}.`)];
  return hint === null ? lines : [...lines, `What helps: ${hint}`];
}

export function poolLine(pool: PoolFigures, ui: Ui): string {
  const [refill] = pool.refills;
  const next =
    refill === undefined || pool.isDry
      ? ""
      : ` Next refill: ${safeText(refill.name)}, ${windowName(refill.windowMinutes)} window, ${clockText(refill.at, ui.nowMs)}.`;
  return `Pool: ${poolText(pool, ui)}.${next}`;
}

function poolText({ isDry, dryPercent, dryInMs, horizonMs }: PoolFigures, ui: Ui): string {
  if (isDry) return ui.yellow("dry");
  if (dryPercent === null || dryInMs === null) return "too little history to say when it runs dry";
  const horizon = `the next ${durationText(horizonMs)}`;
  const risk = `${percentText(dryPercent)} % risk`;
  const lasts = lastsText(dryInMs, horizonMs, "then");
  return lasts === "until then"
    ? `lasts ${horizon} (${risk} of running dry)`
    : `runs dry in ${lasts} (${risk} in ${horizon})`;
}

/** Whole, but never a 0 that is not nothing and never a 100 that is not all. */
export function percentText(percent: number): string {
  const rounded = Math.round(percent);
  if (rounded === 0 && percent > 0) return "<1";
  return rounded === 100 && percent < 100 ? "99" : String(rounded);
}
