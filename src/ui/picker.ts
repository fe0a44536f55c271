import { safeText } from "../text/safe-text.ts";
import { displayWidth } from "../text/width.ts";
import { type Cell, type Column, tableLines } from "./table.ts";
import type { Ui } from "./ui.ts";

export interface Choice {
  /** What is returned when it is taken. */
  value: string;
  cells: readonly Cell[];
  /** What typing is looked for in. */
  text: string;
}

export interface PickerState {
  filter: string;
  /** Among the choices that fit the filter. */
  at: number;
}

export type Pressed =
  | { kind: "open"; state: PickerState }
  | { kind: "taken"; value: string }
  | { kind: "left" };

/** What a key does to a picker. */
export function press(state: PickerState, key: string, choices: readonly Choice[]): Pressed {
  const { filter } = state;
  const found = fitting(choices, filter);
  const at = Math.min(state.at, Math.max(0, found.length - 1));
  const go = (to: number) => open(filter, found.length === 0 ? 0 : (to + found.length) % found.length);
  switch (key) {
    case "escape":
    case "ctrl-c":
      return { kind: "left" };
    case "enter": {
      const taken = found[at];
      return taken ? { kind: "taken", value: taken.value } : open(filter, at);
    }
    case "up":
      return go(at - 1);
    case "down":
    case "tab":
      return go(at + 1);
    case "backspace":
      return open(Array.from(filter).slice(0, -1).join(""), 0);
    default:
      return Array.from(key).length === 1 ? open(filter + key, 0) : open(filter, at);
  }
}

function open(filter: string, at: number): Pressed {
  return { kind: "open", state: { filter, at } };
}

/** Every word that was typed is somewhere in it. */
function fitting(choices: readonly Choice[], filter: string): Choice[] {
  const words = filter
    .toLowerCase()
    .split(" ")
    .filter((word) => word !== "");
  return choices.filter(({ text }) => words.every((word) => text.toLowerCase().includes(word)));
}

interface Look {
  title: string;
  columns: readonly Column[];
  choices: readonly Choice[];
}

/** The picker as lines, no more than the terminal has rows. */
export function pickerLines(
  { filter, at }: PickerState,
  { title, columns, choices }: Look,
  ui: Ui,
  rows: number,
): string[] {
  const found = fitting(choices, filter);
  const inner = { ...ui, columns: ui.columns - 2, isTerminal: true };
  // Widths of all of them, so that nothing jumps while one types.
  const { head, lines } = tableLines(
    columns,
    choices.map(({ cells }) => cells),
    inner,
  );
  const shown = found.map((choice) => (lines[choices.indexOf(choice)] ?? "").split("\n"));
  const height = Math.max(1, ...shown.map((each) => each.length));
  const room = Math.max(1, Math.floor((rows - 4) / height));
  const first = Math.max(0, Math.min(at - Math.floor(room / 2), shown.length - room));
  const pointer = ui.isUnicode ? "❯" : ">";
  const body = shown.slice(first, first + room).flatMap((each, index) => {
    const isHere = first + index === at;
    return each.map((line, part) =>
      isHere ? ui.cyan(`${part === 0 ? pointer : " "} ${line}`) : `  ${line}`,
    );
  });
  const hidden = shown.length - Math.min(room, shown.length);
  return [
    `${title} ${endOf(safeText(filter), ui.columns - displayWidth(title) - 3, ui)}`,
    ...head.flatMap((line) => line.split("\n")).map((line) => `  ${line}`),
    ...(body.length === 0 ? [ui.dim("  nothing fits")] : body),
    ui.dim(fitHelp(hidden === 0 ? "" : `${hidden} more; `, ui.columns)),
  ];
}

/** A line that wraps would be drawn over wrongly. */
function endOf(text: string, columns: number, { isUnicode }: Ui): string {
  const units = Array.from(text);
  while (displayWidth(units.join("")) > Math.max(1, columns)) units.shift();
  return units.length === Array.from(text).length ? text : `${isUnicode ? "…" : "<"}${units.join("")}`;
}

function fitHelp(more: string, columns: number): string {
  const long = `  ${more}type to filter, arrows move, Enter takes, Esc leaves`;
  return displayWidth(long) <= columns ? long : `  ${more}Enter takes, Esc leaves`;
}
