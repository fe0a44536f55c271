import { safeReport } from "../../text/safe-text.ts";
import { sentenceNames } from "../../pool/account.ts";
import { decisionText, outcomeText } from "../../reports/decision.ts";
import { processesText } from "../../store/context.ts";
import { clockText, relativeText } from "../../text/times.ts";
import { noAccountsText } from "../../ui/forecast-lines.ts";
import { poolWords, timelineLegend, timelineLines } from "../../ui/pool-lines.ts";
import type { Ui } from "../../ui/ui.ts";
import { card } from "./card.ts";
import type { Figures } from "./figures.ts";
import { chosenIndex, type ViewState } from "./keys.ts";
import { fitted, prose, same } from "../../ui/wrap.ts";

/** The whole screen: no line wider than the terminal, no more lines than it has rows. */
export function screenLines(whole: Figures, state: ViewState, ui: Ui, rows: number): string[] {
  const figures = safeReport(whole);
  const head = headLines(figures, ui);
  const foot = footLines(figures, state, ui);
  const room = Math.max(1, rows - head.length - foot.length);
  return [...head, ...cardsWithin(figures, state, ui, room), ...foot].slice(0, rows);
}

/** The same once, for a pipe or `--once`: no pointer and no keys. */
export function plainLines(figures: Figures, ui: Ui): string[] {
  return [
    ...headLines(figures, ui),
    ...figures.accounts.flatMap((account) => card(account, figures, ui, { isChosen: null, isFull: false })),
    ...outlookLines(figures, ui),
    ...legendLines(figures, ui),
  ];
}

function headLines({ accounts, recommendation }: Figures, ui: Ui): string[] {
  if (accounts.length === 0) return prose(noAccountsText, ui);
  const { kind, name, reason, until, hint } = recommendation;
  if (kind === "use") return [...prose(`Use ${name ?? ""} next: ${reason}.`, ui, ui.bold), ""];
  const back = until === null ? "" : ` (${relativeText(until, ui.nowMs)})`;
  const help = hint === null ? "" : `\nWhat helps: ${hint}`;
  return [...prose(`Nothing to use now: ${reason}${back}.${help}`, ui, ui.yellow), ""];
}

/** The cards around the chosen one that there is room for. */
function cardsWithin(figures: Figures, state: ViewState, ui: Ui, room: number): string[] {
  const { accounts } = figures;
  const at = chosenIndex(state, accounts);
  const cards = accounts.map((account, index) =>
    card(account, figures, ui, { isChosen: index === at, isFull: state.isFull }),
  );
  const sizes = (from: number, to: number) => cards.slice(from, to).flat().length;
  if (sizes(0, cards.length) <= room) return cards.flat();
  let [first, end] = [at, at + 1];
  for (;;) {
    if (end < cards.length && sizes(first, end + 1) < room) end += 1;
    else if (first > 0 && sizes(first - 1, end) < room) first -= 1;
    else break;
  }
  const shown = cards
    .slice(first, end)
    .flat()
    .slice(0, Math.max(1, room - 1));
  const hidden = cards.length - (end - first);
  return [...shown, fitted([{ text: `    ${hidden} more above or below`, paint: ui.dim }], ui)];
}

/** The next seven days, and who runs. */
function outlookLines(figures: Figures, ui: Ui): string[] {
  const { pool, accounts } = figures;
  const words = poolWords(pool, { ...ui, yellow: same });
  const outlook = accounts.length === 0 ? [] : [...timelineLines(pool, ui), ...prose(words, ui)];
  return ["", ...outlook, ...decisionLines(figures, ui), ...prose(runningText(figures), ui, ui.dim)];
}

function legendLines({ pool }: Figures, ui: Ui): string[] {
  const legend = timelineLegend(pool, ui);
  return legend === "" ? [] : prose(legend, ui, ui.dim);
}

function runningText({ processes, commands, accounts }: Figures): string {
  const nameOf = sentenceNames(accounts);
  const withAccount = (id: string | null) =>
    accounts.some((each) => each.id === id) ? ` with ${nameOf(id ?? "")}` : "";
  const told = processes.map((each) => `${processesText([each])}${withAccount(each.holds)}`);
  const started = commands.map(
    ({ pid, holds, rotates }) =>
      `process ${pid}${rotates ? " through a rotation proxy of its own" : withAccount(holds)}`,
  );
  const lines = [
    ...(told.length === 0 ? [] : [`Running Codex: ${told.join(", ")}.`]),
    ...(started.length === 0 ? [] : [`Started by codex auth exec: ${started.join(", ")}.`]),
  ];
  return lines.length === 0 ? "No Codex is running." : lines.join("\n");
}

const mostDecisions = 3;

/** What the rotation proxy and the gateway did last. */
function decisionLines({ decisions }: Figures, ui: Ui): string[] {
  return decisions.slice(0, mostDecisions).map((each) => {
    const told = { ...each, name: each.name ?? "no account" };
    const who = `${each.server === "gateway" ? "Gateway" : "Proxy"} ${clockText(each.at, ui.nowMs)}`;
    const text = `${who}: ${decisionText(told)}, ${outcomeText(told)}`;
    return fitted([{ text, paint: ui.dim }], ui);
  });
}

const helpText = [
  "Up, Down  choose an account",
  "Enter     make it the active one; asks first",
  "p         pause it, or take it back into selection",
  "f         more or fewer figures of each account",
  "r         ask OpenAI about all accounts that are not paused",
  "q, Esc    leave; Ctrl-Z puts it aside",
  "Nothing else asks over the network, unless --live says how often. Figures are the newest that codex-auth or Codex's session logs know.",
].join("\n");

/** The longest that fits. */
const keyLines = [
  "arrows choose, Enter switch, p pause or resume, r check now, f figures, ? help, q quit",
  "arrows, Enter switch, p pause, r check, f figures, ? help, q quit",
  "Enter switch, p pause, r check, ? help, q quit",
  "? help, q quit",
];

function footLines(figures: Figures, state: ViewState, ui: Ui): string[] {
  const { accounts } = figures;
  const asked = accounts.find(({ id }) => id === state.asksAbout);
  const lines = [...outlookLines(figures, ui), ""];
  if (state.hasHelp) lines.push(...prose(helpText, ui), ...legendLines(figures, ui));
  for (const line of state.message) lines.push(...prose(line, ui, ui.bold));
  if (asked) {
    const question = `Switch to ${sentenceNames(accounts)(asked.id)}? y/n`;
    return [...lines, ...prose(question, ui, ui.bold)];
  }
  const keys = keyLines.find((each) => each.length <= ui.columns) ?? "";
  return [...lines, fitted([{ text: keys, paint: ui.dim }], ui)];
}
