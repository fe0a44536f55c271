import { type Layout, type Pair, scanLayout, type Span, startsWith } from "./layout.ts";
import type { ConfigPath } from "./tree.ts";

/** Lines of a file, counted from 1; the last one belongs to it. */
export interface LineRange {
  first: number;
  last: number;
}

/** The lines that set a key, or that of the longest part of its path which is set in one place. */
export function linesOfKey(text: string, path: ConfigPath): LineRange | null {
  const found = scanLayout(text)
    .pairs.filter((pair) => startsWith(path, pair.path))
    .sort((a, b) => b.path.length - a.path.length)[0];
  return found ? linesOf(text, found.line) : linesOfTable(text, path);
}

/** The lines from the header of a table to its last key; of the tables below it too, when they follow at once. */
export function linesOfTable(text: string, path: ConfigPath): LineRange | null {
  const layout = scanLayout(text);
  const headers = layout.headers.filter((header) => startsWith(header.path, path));
  const first = headers[0];
  const last = headers.at(-1);
  if (!first || !last || !isUnbroken(layout, path)) return null;
  const keys = layout.pairs.filter(
    (pair) => pair.line.start > last.line.start && startsWith(pair.table, path),
  );
  return linesOf(text, { start: first.line.start, end: (keys.at(-1) ?? last).line.end });
}

function isUnbroken({ headers }: Layout, path: ConfigPath): boolean {
  const belongs = headers.map((header) => startsWith(header.path, path));
  return belongs.lastIndexOf(true) - belongs.indexOf(true) + 1 === belongs.filter(Boolean).length;
}

/** Tells the number of the line in which a character stands, counted from 1, without counting anew each time. */
export function lineFinder(text: string): (position: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (position) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= position) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

function linesOf(text: string, { start, end }: Span): LineRange {
  const first = lineAt(text, start);
  return { first, last: Math.max(first, lineAt(text, Math.max(start, end - 1))) };
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}

/** What stands at a place: lines of its own, or one member of an inline table. */
export type KeyPlace = { kind: "lines"; lines: LineRange } | { kind: "member"; path: string[] };

/** The key, or the table, whose name stands at a line and column, both counted from 1; null where none does. */
export function keyAt(text: string, line: number, column: number): KeyPlace | null {
  const start =
    text
      .split("\n")
      .slice(0, line - 1)
      .join("\n").length + (line > 1 ? 1 : 0);
  const at = start + column - 1;
  const { pairs, headers } = scanLayout(text);
  const pair = pairs.find((each) => each.line.start <= at && at < each.line.end);
  if (pair) {
    const path = memberAt(pair, at);
    return path === null
      ? { kind: "lines", lines: linesOf(text, pair.line) }
      : { kind: "member", path: [...pair.path, ...path] };
  }
  const header = headers.find((each) => each.line.start <= at && at < each.line.end);
  const lines = header && linesOfTable(text, header.path);
  return lines ? { kind: "lines", lines } : null;
}

/** Of the member below a pair whose key stands there. */
function memberAt({ members = [] }: Pair, at: number): string[] | null {
  const member = members.find(({ key, value }) => key.start <= at && at < value.end);
  if (!member) return null;
  return [...member.path, ...(memberAt(member, at) ?? [])];
}
