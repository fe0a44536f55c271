import { isKnownPlan } from "../quota/candidate.ts";
import { durationText, lastsText, relativeText, resetText, windowName } from "../text/times.ts";
import { cutMiddle, displayWidth } from "../text/width.ts";
import { meter, type Ui } from "./ui.ts";
import { type Cell, table, tableLines } from "./table.ts";

export interface Range {
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

export const noAccountsText = "No accounts yet. Take in the login you have: codex auth import";

/** For each account a line, and below it one for each of its windows; the windows of all stand in the same columns. */
export function quotaLines(accounts: readonly QuotaFigures[], ui: Ui): string {
  const all = accounts.flatMap(({ windows }) => windows);
  const rows = all.map((each) => windowCells(each, ui));
  const indent = ui.isTerminal ? "       " : "";
  const inner = { ...ui, columns: ui.columns - indent.length };
  const { head, lines, foot } = tableLines(windowColumns, rows, inner, (cell, row, { title }) =>
    title === "" && ui.isTerminal && cell !== ""
      ? meter(all[row]?.remainingPercent ?? 0, cell.length, ui)
      : cell,
  );
  const indented = (text: string) => text.replaceAll(/^/gm, indent);
  const text = accounts.flatMap((account) => [
    accountLine(account, ui),
    ...lines.splice(0, account.windows.length).map(indented),
    ...factLines(account, ui),
  ]);
  return [...(rows.length > 0 ? head.map(indented) : []), ...text, ...foot].join("\n");
}

const windowColumns = [
  { title: "WINDOW" },
  { title: "LEFT", isRight: true },
  { title: "", drop: 2 },
  { title: "RESETS", shorten: [1] },
  { title: "LASTS", drop: 4 },
];

function windowCells(window: WindowFigures, ui: Ui): Cell[] {
  const { windowMinutes, remainingPercent, resetsAt } = window;
  return [
    windowName(windowMinutes),
    `${percentText(remainingPercent)} %`,
    ui.isTerminal ? " ".repeat(ui.columns >= 100 ? 20 : 10) : "",
    resetsAt === null ? "not started" : [resetText(resetsAt, ui.nowMs), relativeText(resetsAt, ui.nowMs)],
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
  const room = ui.isTerminal ? Math.max(20, ui.columns - 34) : Number.POSITIVE_INFINITY;
  const full = label === null ? account.name : `${label} (${account.name})`;
  const shown = label !== null && displayWidth(full) > room ? label : full;
  const name = ui.bold(cutMiddle(shown, room, ui.isUnicode ? "…" : "..."));
  const state = isReady ? ui.green("ready") : ui.yellow(account.stateReason ?? account.state);
  const riskText = isReady && risk !== "unknown" ? `, ${riskWords(risk, ui)}` : "";
  const planText = plan === null ? (kind === "chatgpt" ? "plan unknown" : kind) : planName(plan);
  return `${active ? "*" : " "} ${String(row).padStart(2)} ${name}, ${planText}: ${state}${riskText}`;
}

function planName(plan: string): string {
  return isKnownPlan(plan) ? plan : `${plan} (a plan of unknown size, counted as plus)`;
}

function riskWords(risk: string, ui: Ui): string {
  if (risk === "high") return ui.red("high risk");
  return risk === "medium" ? ui.yellow("medium risk") : `${risk} risk`;
}

/** How old the figures are, and how far they can be trusted. */
function factLines({ windows, isReady }: QuotaFigures, ui: Ui): string[] {
  const [first] = windows;
  if (first === undefined)
    return isReady
      ? [ui.dim("     its quota is not known, so it counts as full. To ask: codex auth check")]
      : [];
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
  if (isExplained) return [explanation];
  if (kind === "use") return [`Use ${ui.bold(name ?? "")} next: ${reason}.`];
  const back = until === null ? "" : ` (${relativeText(until, ui.nowMs)})`;
  const lines = [ui.yellow(`Nothing to use now: ${reason}${back}.`)];
  return hint === null ? lines : [...lines, `What helps: ${hint}`];
}

/** Whole, but never a 0 that is not nothing and never a 100 that is not all. */
export function percentText(percent: number): string {
  const rounded = Math.round(percent);
  if (rounded === 0 && percent > 0) return "<1";
  return rounded === 100 && percent < 100 ? "99" : String(rounded);
}

interface Candidate {
  row: number;
  name: string;
  active: boolean;
  tier: string;
  score: number;
  pace: number;
  room: number;
  isChosen: boolean;
  reason: string;
}

/** The ranking as a table, best first, with the parts of every score. */
export function candidateLines(candidates: readonly Candidate[], ui: Ui): string {
  const rows = candidates.map((each) => {
    const isScored = each.tier !== "unusable";
    return [
      each.active ? "*" : "",
      String(each.row),
      each.name,
      isScored ? each.score.toFixed(2) : "",
      isScored ? each.pace.toFixed(2) : "",
      isScored ? each.room.toFixed(2) : "",
      each.reason,
    ];
  });
  return table(candidateColumns, rows, ui, (cell, row) => (candidates[row]?.isChosen ? ui.bold(cell) : cell));
}

const candidateColumns = [
  { title: "" },
  { title: "#" },
  { title: "ACCOUNT", least: 16 },
  { title: "SCORE" },
  { title: "= PACE", drop: 1 },
  { title: "x ROOM", drop: 1 },
  { title: "WHY" },
];
