import { safeLines } from "../../text/safe-text.ts";
import { cutMiddle, displayWidth } from "../../text/width.ts";
import type { Ui } from "../../ui/ui.ts";
import { wrapText } from "../../ui/wrap.ts";

export type Paint = (text: string) => string;

/** A part of a line; one that may go is left out where the line is too narrow, another is cut. */
export interface Piece {
  text: string;
  paint?: Paint;
  mayGo?: boolean;
}

export function prose(text: string, ui: Ui, paint: Paint = same): string[] {
  const safe = safeLines(text);
  const wrapped = ui.isTerminal ? wrapText(safe, ui.columns) : safe;
  return wrapped.split("\n").map((line) => fitted([{ text: line, paint }], ui));
}

export function fitted(pieces: readonly Piece[], { columns, isTerminal, ...ui }: Ui): string {
  const limit = isTerminal ? columns : Number.POSITIVE_INFINITY;
  let free =
    limit - pieces.reduce((sum, { text, mayGo = false }) => sum + (mayGo ? 0 : displayWidth(text)), 0);
  let room = limit;
  const kept: string[] = [];
  for (const { text, paint = same, mayGo = false } of pieces) {
    const width = displayWidth(text);
    if (text === "" || (mayGo && width > free)) continue;
    if (mayGo) free -= width;
    const shown = width <= room ? text : cutMiddle(text, Math.max(0, room), ellipsis(ui));
    room -= displayWidth(shown);
    kept.push(paint(shown));
  }
  return kept.join("").trimEnd();
}

export function ellipsis({ isUnicode }: Pick<Ui, "isUnicode">): string {
  return isUnicode ? "…" : "...";
}

export function same(text: string): string {
  return text;
}
