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

/**
 * The whole screen: no line wider than the terminal, no more lines than it has rows. Where rows are few, what is needed
 * least goes first: who runs, what was decided, the timeline, then what to use next. The keys and the accounts stay.
 */
export function screenLines(whole: Figures, state: ViewState, ui: Ui, rows: number): string[] {
  const figures = safeReport(whole);
  const foot = footLines(figures, state, ui, rows);
  const cards = figures.accounts.map((account, index) =>
    card(account, figures, ui, {
      isChosen: index === chosenIndex(state, figures.accounts),
      isFull: state.isFull,
    }),
  );
  const needed = neededLines(cards, chosenIndex(state, figures.accounts));
  const below = outlookParts(figures, ui);
  let head = headLines(figures, ui);
  // With a blank line above the foot, and one above what is below the cards.
  const room = () => rows - head.length - foot.length - 1 - (below.length > 0 ? 1 : 0) - below.flat().length;
  while (room() < needed && below.length > 0) below.pop();
  if (room() < needed && figures.accounts.length > 0) head = [];
  const shown = cardsWithin(cards, chosenIndex(state, figures.accounts), ui, Math.max(room(), 1));
  const body = [...head, ...shown, ...(below.length > 0 ? ["", ...below.flat()] : []), ""];
  return [...body.slice(0, Math.max(0, rows - foot.length)), ...foot];
}

/** The chosen card, and a line for each of some others. */
function neededLines(cards: readonly string[][], chosen: number): number {
  return (cards[chosen]?.length ?? 0) + Math.min(cards.length - 1, 4);
}

/** The same once, for a pipe or `--once`: no pointer and no keys. */
export function plainLines(figures: Figures, ui: Ui): string[] {
  return [
    ...headLines(figures, ui),
    ...figures.accounts.flatMap((account) => card(account, figures, ui, { isChosen: null, isFull: false })),
    "",
    ...outlookParts(figures, ui).flat(),
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

/** The chosen card, the first lines of those around it, and as much more of them as there is room for. */
function cardsWithin(cards: readonly string[][], chosen: number, ui: Ui, room: number): string[] {
  const shown = cards.map((each, index) => (index === chosen ? each : each.slice(0, 1)));
  const sizes = (from: number, to: number) => shown.slice(from, to).flat().length;
  if (sizes(0, cards.length) <= room) {
    const nearest = [...cards.keys()].sort((a, b) => Math.abs(a - chosen) - Math.abs(b - chosen));
    for (const index of nearest) {
      const whole = cards[index] ?? [];
      if (sizes(0, cards.length) + whole.length - (shown[index]?.length ?? 0) <= room) shown[index] = whole;
    }
    return shown.flat();
  }
  let [first, end] = [chosen, chosen + 1];
  for (;;) {
    if (end < cards.length && sizes(first, end + 1) < room) end += 1;
    else if (first > 0 && sizes(first - 1, end) < room) first -= 1;
    else break;
  }
  const lines = shown.slice(first, end).flat();
  const hidden = cards.length - (end - first);
  const more = fitted([{ text: `    ${hidden} more above or below`, paint: ui.dim }], ui);
  return hidden === 0 || room < 2 ? lines.slice(0, room) : [...lines.slice(0, room - 1), more];
}

/** The next seven days, what was decided last, and who runs; what is needed least is last. */
function outlookParts(figures: Figures, ui: Ui): string[][] {
  const { pool, accounts } = figures;
  const words = poolWords(pool, { ...ui, yellow: same });
  const outlook = accounts.length === 0 ? [] : [...timelineLines(pool, ui), ...prose(words, ui)];
  const parts = [outlook, decisionLines(figures, ui), prose(runningText(figures), ui, ui.dim)];
  return parts.filter(({ length }) => length > 0);
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

/** The keys, or the question in their place, and above them the help and the messages that there is room for. */
function footLines(figures: Figures, state: ViewState, ui: Ui, rows: number): string[] {
  const { accounts } = figures;
  const asked = accounts.find(({ id }) => id === state.asksAbout);
  const help = state.hasHelp ? [...prose(helpText, ui), ...legendLines(figures, ui)] : [];
  const told = [...help, ...state.message.flatMap((line) => prose(line, ui, ui.bold))];
  const keys = keyLines.find((each) => each.length <= ui.columns) ?? "";
  const last = asked
    ? prose(`Switch to ${sentenceNames(accounts)(asked.id)}? y/n`, ui, ui.bold)
    : [fitted([{ text: keys, paint: ui.dim }], ui)];
  return [...told.slice(0, Math.max(0, rows - last.length)), ...last].slice(-rows);
}
