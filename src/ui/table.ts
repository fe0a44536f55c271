import { cutMiddle, displayWidth } from "../text/width.ts";
import type { Ui } from "./ui.ts";
import { wrapText } from "./wrap.ts";

export interface Column {
  title: string;
  /** Where it does not fit: the step at which the column is left out. Lower steps come first. */
  drop?: number;
  /** The steps at which its cells take their next shorter form. */
  shorten?: readonly number[];
  /** What its shortest form leaves out. */
  loses?: string;
  /** Its cells may be cut in the middle, to no fewer columns than these. */
  least?: number;
  /** Never narrower than this, where several tables stand below each other. */
  atLeast?: number;
  isRight?: boolean;
}

/** A text, or its forms from the longest to the shortest. */
export type Cell = string | readonly string[];

type TableUi = Pick<Ui, "columns" | "isTerminal" | "isUnicode" | "dim">;

/** `paint` colours a cell after its width is known; `row` counts from 0. */
type PaintCell = (cell: string, row: number, column: Column) => string;

const same: PaintCell = (cell) => cell;

/**
 * Rows in columns, two spaces apart, never wider than the terminal: first columns are left out and cells shortened in
 * the declared order, then names cut in the middle, then each row stands on two lines. A line below says which columns
 * were left out. In a pipe nothing is left out: one tab between whole cells, and no header. By hand, because a pool may
 * have a thousand rows.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  ui: TableUi,
  paint = same,
): string {
  const { head, lines, foot } = tableLines(columns, rows, ui, paint);
  return [...head, ...lines, ...foot].join("\n");
}

interface Drawn {
  head: string[];
  lines: string[];
  /** Which columns are left out, and how to see them. */
  foot: string[];
}

/** The same in pieces, for lines of another kind between the rows; a row that stands on two lines has a line break. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  ui: TableUi,
  paint = same,
): Drawn {
  if (!ui.isTerminal)
    return {
      head: [],
      foot: [],
      lines: rows.map((row, index) =>
        row.map((cell, place) => paint(formOf(cell, 0), index, columns[place] ?? { title: "" })).join("\t"),
      ),
    };
  const last = Math.max(0, ...columns.flatMap(({ drop = 0, shorten = [] }) => [drop, ...shorten]));
  for (let step = 0; ; step += 1) {
    const fitted = fit(columns, rows, step);
    if (wish(fitted) <= ui.columns || step === last)
      return { ...draw(fitted, ui, paint), foot: footOf(leftOut(columns, rows, step), ui) };
  }
}

/** What a step leaves out: columns, by their titles, and parts of cells. Nothing where nothing stands. */
function leftOut(columns: readonly Column[], rows: readonly (readonly Cell[])[], step: number): string[] {
  const missed = columns.flatMap(({ title, drop = step + 1, loses = "", shorten = [] }, index) => {
    const isShortest = shorten.length > 0 && shorten.every((each) => each <= step);
    const name = drop <= step ? title : isShortest ? loses : "";
    return name !== "" && rows.some((row) => formOf(row[index] ?? "", 0) !== "") ? [name] : [];
  });
  return [...new Set(missed)];
}

function footOf(titles: readonly string[], ui: TableUi): string[] {
  if (titles.length === 0) return [];
  // A title may begin with the sign that joins it to the column before it.
  const names = titles.map((title) => title.replace(/^[=x] /, ""));
  const text = `Too narrow for: ${names.join(", ")}. A wider terminal or --json shows them.`;
  return wrapText(text, ui.columns)
    .split("\n")
    .map((line) => ui.dim(line));
}

interface Fitted {
  shown: readonly Column[];
  cells: readonly (readonly string[])[];
  widths: readonly number[];
  width: number;
}

function fit(columns: readonly Column[], rows: readonly (readonly Cell[])[], step: number): Fitted {
  const kept = columns.flatMap((column, index) => ((column.drop ?? step + 1) <= step ? [] : [index]));
  const shown = kept.flatMap((index) => columns[index] ?? []);
  const forms = shown.map(({ shorten = [] }) => shorten.filter((each) => each <= step).length);
  const cells = rows.map((row) => kept.map((index, place) => formOf(row[index] ?? "", forms[place] ?? 0)));
  return measured(shown, cells);
}

function measured(shown: readonly Column[], cells: Fitted["cells"]): Fitted {
  const widths = shown.map(({ title, atLeast = 0 }) => Math.max(atLeast, displayWidth(title)));
  for (const row of cells)
    row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell))));
  return { shown, cells, widths, width: total(widths) };
}

/** The width that is asked for before other columns go: one very long name costs the others nothing. */
function wish({ shown, widths }: Fitted): number {
  return total(
    widths.map((each, index) => (shown[index]?.least === undefined ? each : Math.min(each, longestName))),
  );
}

const longestName = 32;

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 2 * Math.max(0, widths.length - 1));
}

function formOf(cell: Cell, form: number): string {
  if (typeof cell === "string") return cell;
  return cell[Math.min(form, cell.length - 1)] ?? "";
}

function draw(fitted: Fitted, ui: TableUi, paint: PaintCell): { head: string[]; lines: string[] } {
  const { shown, cells, widths } = narrowed(fitted, ui);
  const places = placesOf(widths, ui.columns);
  const rowText = (row: readonly string[], painted: (cell: string, column: Column) => string) =>
    places
      .map((line, index) => {
        const texts = line.map((place) => {
          const [column = { title: "" }, cell = ""] = [shown[place], row[place]];
          const blank = " ".repeat(Math.max(0, (widths[place] ?? 0) - displayWidth(cell)));
          return column.isRight ? blank + painted(cell, column) : painted(cell, column) + blank;
        });
        return `${index === 0 ? "" : secondIndent}${texts.join("  ")}`.trimEnd();
      })
      .filter((line, index) => index === 0 || line !== "")
      .join("\n");
  const titles = shown.map(({ title }) => title);
  return {
    head: titles.some((title) => title !== "") ? [rowText(titles, (title) => ui.dim(title))] : [],
    lines: cells.map((row, index) => rowText(row, (cell, column) => paint(cell, index, column))),
  };
}

const secondIndent = "      ";

/** Cuts names where that is enough; where it is not, to what each line of a row has room for. */
function narrowed(fitted: Fitted, { columns, isUnicode }: TableUi): Fitted {
  const { shown, cells, widths, width } = fitted;
  const leasts = widths.map((each, index) => least(shown[index], each));
  if (width <= columns || total(leasts) === width) return fitted;
  const wanted = [...leasts];
  for (const line of placesOf(leasts, columns)) {
    let spare =
      columns - total(line.map((place) => leasts[place] ?? 0)) - (line.includes(0) ? 0 : secondIndent.length);
    for (const place of line) {
      const more = Math.max(0, Math.min(spare, (widths[place] ?? 0) - (leasts[place] ?? 0)));
      wanted[place] = (leasts[place] ?? 0) + more;
      spare -= more;
    }
  }
  const ellipsis = isUnicode ? "…" : "...";
  const cut = cells.map((row) =>
    row.map((cell, index) =>
      shown[index]?.least === undefined ? cell : cutMiddle(cell, wanted[index] ?? 0, ellipsis),
    ),
  );
  const within = shown.map((column, index) =>
    column.least === undefined ? column : narrowerColumn(column, wanted[index] ?? 0),
  );
  return measured(within, cut);
}

function narrowerColumn(column: Column, width: number): Column {
  return { ...column, atLeast: Math.min(column.atLeast ?? 0, width) };
}

function least({ title, least: given }: Column = { title: "" }, width: number): number {
  return Math.min(width, given === undefined ? width : Math.max(given, displayWidth(title)));
}

/** Which columns stand on which line of a row. */
function placesOf(widths: readonly number[], columns: number): number[][] {
  const lines: number[][] = [[]];
  let used = 0;
  widths.forEach((width, index) => {
    const line = lines.at(-1) ?? [];
    const needed = line.length === 0 ? width : used + 2 + width;
    if (line.length > 0 && needed > columns) {
      lines.push([index]);
      used = secondIndent.length + width;
      return;
    }
    line.push(index);
    used = needed;
  });
  return lines;
}
