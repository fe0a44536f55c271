import { parsePath } from "./toml.ts";
import type { ConfigPath } from "./tree.ts";

/** From the first character to the one after the last. */
export interface Span {
  start: number;
  end: number;
}

/** `key = value`, on a line of its own or inside an inline table. */
export interface Pair {
  /** From the root for a line, from the inline table for a member of one. */
  path: string[];
  key: Span;
  value: Span;
  /** When the value is an inline table. */
  members: Pair[] | undefined;
}

export interface LinePair extends Pair {
  line: Span;
  /** The keys of the header above; the line itself spells the rest of the path. */
  table: string[];
}

/** `[table]` or `[[list of tables]]`. */
interface Header {
  path: string[];
  line: Span;
}

/** Where everything is, in the order of the text. */
export interface Layout {
  pairs: LinePair[];
  headers: Header[];
}

/** No key of Codex has more parts, and each line below a header repeats its path; one part may be the path of a file. */
const mostParts = 100;
const longestKey = 10_000;

/** Finds the keys of a text that is valid TOML; of any other text it makes nonsense, or nothing. */
export function scanLayout(text: string): Layout {
  try {
    return scanLines(text);
  } catch {
    return { pairs: [], headers: [] };
  }
}

function scanLines(text: string): Layout {
  const layout: Layout = { pairs: [], headers: [] };
  let table: string[] = [];
  let start = startOfText(text);
  while (start < text.length) {
    const at = skipBlanks(text, start);
    let end = endOfLine(text, at);
    if (text[at] === "[") {
      table = scanKey(text, text[at + 1] === "[" ? at + 2 : at + 1).path;
      layout.headers.push({ path: table, line: { start, end } });
    } else if (at < text.length && !"#\r\n".includes(text.charAt(at))) {
      const pair = scanPair(text, at, table);
      end = endOfLine(text, pair.value.end);
      layout.pairs.push(Object.assign(pair, { line: { start, end }, table }));
    }
    start = end;
  }
  return layout;
}

export function startsWith(path: ConfigPath, prefix: ConfigPath): boolean {
  return prefix.every((key, index) => path[index] === key);
}

/** A byte order mark is not part of the first line. */
export function startOfText(text: string): number {
  return text.startsWith("\uFEFF") ? 1 : 0;
}

function scanPair(text: string, start: number, table: ConfigPath): Pair {
  const key = scanKey(text, start);
  const valueStart = skipBlanks(text, key.end + 1);
  const { end, members } = scanValue(text, valueStart);
  return {
    path: [...table, ...key.path],
    key: { start, end: key.end },
    value: { start: valueStart, end },
    members,
  };
}

/** Reads a dotted key, up to the `=` or `]` behind it. */
function scanKey(text: string, start: number): { path: string[]; end: number } {
  let end = start;
  while (end < text.length && !"=]".includes(text.charAt(end))) {
    end = isQuote(text.charAt(end)) ? skipString(text, end) : end + 1;
  }
  if (end - start > longestKey) throw new RangeError("A key is too long.");
  const path = parsePath(text.slice(start, end));
  if (path.length > mostParts) throw new RangeError("A key has too many parts.");
  return { path, end };
}

function scanValue(text: string, start: number): { end: number; members: Pair[] | undefined } {
  const first = text.charAt(start);
  if (isQuote(first)) return { end: skipString(text, start), members: undefined };
  if (first === "{") return scanInlineTable(text, start);
  if (first !== "[") return { end: skipBareValue(text, start), members: undefined };
  return { end: skipItems(text, start, (at) => scanValue(text, at).end), members: undefined };
}

function scanInlineTable(text: string, start: number): { end: number; members: Pair[] } {
  const members: Pair[] = [];
  const end = skipItems(text, start, (at) => {
    const member = scanPair(text, at, []);
    members.push(member);
    return member.value.end;
  });
  return { end, members };
}

/** Walks a list or an inline table; both may span lines and hold comments. */
function skipItems(text: string, start: number, skipItem: (at: number) => number): number {
  let at = skipFiller(text, start + 1);
  while (at < text.length && !"]}".includes(text.charAt(at))) at = skipFiller(text, skipItem(at));
  return at + 1;
}

/** Skips blanks, line ends, comments and the commas between items. */
function skipFiller(text: string, start: number): number {
  let at = start;
  while (at < text.length && " \t\r\n,#".includes(text.charAt(at))) {
    at = text[at] === "#" ? endOfLine(text, at) : at + 1;
  }
  return at;
}

/** A number, boolean or date. A date may hold one blank, so blanks end nothing. */
function skipBareValue(text: string, start: number): number {
  let end = start;
  while (end < text.length && !",]}#\r\n".includes(text.charAt(end))) end += 1;
  return start + text.slice(start, end).trimEnd().length;
}

function skipString(text: string, start: number): number {
  const quote = text.charAt(start);
  const isLong = text.startsWith(quote.repeat(3), start);
  const close = isLong ? quote.repeat(3) : quote;
  let at = start + close.length;
  while (at < text.length && !text.startsWith(close, at)) at += quote === '"' && text[at] === "\\" ? 2 : 1;
  at += close.length;
  // A multi-line string may end in one or two quotes of its own.
  const limit = isLong ? at + 2 : at;
  while (at < limit && text[at] === quote) at += 1;
  return at;
}

function isQuote(character: string): boolean {
  return character === '"' || character === "'";
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (text[at] === " " || text[at] === "\t") at += 1;
  return at;
}

function endOfLine(text: string, start: number): number {
  const newline = text.indexOf("\n", start);
  return newline === -1 ? text.length : newline + 1;
}
