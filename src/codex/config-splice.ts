import {
  startOfText,
  startsWith,
  type Layout,
  type LinePair,
  type Pair,
  type Span,
} from "./config-layout.ts";
import { formatPair, formatPath, formatValue } from "./config-toml.ts";
import type { ConfigPath, ConfigValue } from "./config-tree.ts";

/** Text that replaces a span of the file. */
export interface Splice extends Span {
  text: string;
}

/** How a value comes in: over the old one, into its table, or in a new table at the end. */
export function insertion(
  text: string,
  layout: Layout,
  path: ConfigPath,
  value: ConfigValue,
): Splice | undefined {
  const { trail, rest } = follow(layout.pairs, path);
  const last = trail.at(-1);
  if (last && rest.length === 0) return { ...last.value, text: formatValue(value) };
  if (last) return last.members && intoInlineTable(text, last, formatPair(rest, value));
  return intoTable(text, layout, path, value);
}

/** How a key goes: with its line, or out of its inline table. */
export function removal(text: string, layout: Layout, path: ConfigPath): Splice | undefined {
  const { trail, rest } = follow(layout.pairs, path);
  const target = trail.at(-1);
  if (!target || rest.length > 0) return undefined;
  const parent = trail.at(-2);
  if (parent?.members) return outOfInlineTable(text, parent, parent.members.indexOf(target));
  const line = layout.pairs.find((pair) => pair === target)?.line;
  return line && withoutLine(text, line);
}

/** The pairs on the way to a path, a line first and then members of inline tables, and the keys left over. */
function follow(pairs: readonly Pair[], path: ConfigPath): { trail: Pair[]; rest: ConfigPath } {
  const pair = pairs.find((each) => startsWith(path, each.path));
  if (!pair) return { trail: [], rest: path };
  const { trail, rest } = follow(pair.members ?? [], path.slice(pair.path.length));
  return { trail: [pair, ...trail], rest };
}

function intoInlineTable(text: string, { value, members = [] }: Pair, pair: string): Splice {
  const last = members.at(-1);
  if (last) return { start: last.value.end, end: last.value.end, text: `, ${pair}` };
  const start = value.start + 1;
  return { start, end: start, text: text[start] === "}" ? ` ${pair} ` : ` ${pair}` };
}

function outOfInlineTable(text: string, { value, members = [] }: Pair, index: number): Splice | undefined {
  const target = members[index];
  const previous = members[index - 1];
  const next = members[index + 1];
  if (!target) return undefined;
  const start = next ? target.key.start : (previous?.value.end ?? value.start + 1);
  const end = next ? next.key.start : previous ? target.value.end : value.end - 1;
  const around = text.slice(start, target.key.start) + text.slice(target.value.end, end);
  return around.includes("#") ? undefined : { start, end, text: "" };
}

function intoTable(text: string, layout: Layout, path: ConfigPath, value: ConfigValue): Splice {
  for (let depth = path.length - 1; depth > 0; depth -= 1) {
    const table = path.slice(0, depth);
    // A table that dotted keys made cannot have a header: its new keys join them.
    const dotted = layout.pairs.findLast((pair) => pair.table.length < depth && startsWith(pair.path, table));
    if (dotted) return afterPair(text, dotted, formatPair(path.slice(dotted.table.length), value));
    const header = layout.headers.find((each) => isSamePath(each.path, table));
    if (header && depth < path.length - 1) break;
    if (!header) continue;
    const sibling = layout.pairs.findLast((pair) => isSamePath(pair.table, table));
    const pair = formatPair(path.slice(depth), value);
    return sibling ? afterPair(text, sibling, pair) : atLine(text, header.line.end, pair);
  }
  return path.length === 1
    ? intoRoot(text, layout, formatPair(path, value))
    : asNewTable(text, path.slice(0, -1), formatPair(path.slice(-1), value));
}

function intoRoot(text: string, layout: Layout, pair: string): Splice {
  const sibling = layout.pairs.findLast(({ table }) => table.length === 0);
  if (sibling) return afterPair(text, sibling, pair);
  const [first] = layout.headers;
  if (!first) return atLine(text, text.length, pair);
  // Comments right above the first table belong to it.
  const start = startOfComments(text, first.line.start);
  const newline = newlineOf(text);
  return { start, end: start, text: pair + newline + newline };
}

function startOfComments(text: string, start: number): number {
  let at = start;
  while (at > startOfText(text)) {
    const previous = Math.max(text.lastIndexOf("\n", at - 2) + 1, startOfText(text));
    if (!/^[ \t]*#/.test(text.slice(previous, at))) break;
    at = previous;
  }
  return at;
}

function asNewTable(text: string, table: ConfigPath, pair: string): Splice {
  const newline = newlineOf(text);
  const isEmpty = text.length === startOfText(text);
  const gap = isEmpty || /\n\r?\n$/.test(text) ? "" : newline;
  const { start, end, text: lines } = atLine(text, text.length, `[${formatPath(table)}]${newline}${pair}`);
  return { start, end, text: gap + lines };
}

/** A new line behind the line of a pair, indented like it. */
function afterPair(text: string, { line, key }: LinePair, pair: string): Splice {
  return atLine(text, line.end, text.slice(line.start, key.start) + pair);
}

/** A new line at a line's start or at the end; a text without a final newline stays without. */
function atLine(text: string, at: number, line: string): Splice {
  const newline = newlineOf(text);
  const isAtStart = at === startOfText(text) || text[at - 1] === "\n";
  return { start: at, end: at, text: isAtStart ? line + newline : newline + line };
}

function withoutLine(text: string, line: Span): Splice {
  const first = startOfText(text);
  const isLast = !text.slice(line.start, line.end).endsWith("\n");
  if (isLast) return { start: Math.max(first, endOfContent(text, line.start)), end: line.end, text: "" };
  const before = text.slice(first, line.start);
  const isAlone = before === "" || /(^|\n)[ \t]*\r?\n$/.test(before);
  const blank = /^[ \t]*\r?\n/.exec(text.slice(line.end))?.[0] ?? "";
  // A line that stood alone takes the blank line behind it along.
  return { start: line.start, end: line.end + (isAlone ? blank.length : 0), text: "" };
}

/** Where the line before ends, without its newline. */
function endOfContent(text: string, lineStart: number): number {
  if (text.endsWith("\r\n", lineStart)) return lineStart - 2;
  return text.endsWith("\n", lineStart) ? lineStart - 1 : lineStart;
}

function isSamePath(left: ConfigPath, right: ConfigPath): boolean {
  return left.length === right.length && startsWith(left, right);
}

function newlineOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? "\n";
}
