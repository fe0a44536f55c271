import { readConfig } from "./toml.ts";

/** What TOML takes behind a backslash in a text in double quotes. */
const escape = /^(?:[btnfr"\\]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/;

interface Quoted {
  start: number;
  /** Behind the closing quote. */
  end: number;
  content: string;
}

/**
 * The line with its Windows paths as they were meant. A text in double quotes whose backslashes mean nothing to TOML is
 * one, and then every other text of the line that begins like one. Unchanged where there is none.
 */
export function withPathsMeant(line: string): string {
  for (const texts of [quotedTexts(line, false), quotedTexts(line, true)]) {
    if (texts === null || !texts.some(({ content }) => hasWrongEscape(content))) continue;
    const meant = texts.filter(({ content }) => hasWrongEscape(content) || beginsLikePath(content));
    return meant.reduceRight(
      (text, { start, end, content }) => text.slice(0, start) + literal(content) + text.slice(end),
      line,
    );
  }
  return line;
}

/**
 * The texts in double quotes of a line; null where one is not closed. With `endsInBackslash` a quote behind a backslash
 * closes its text when a comma, a bracket or the end of the line follows, as in "C:\dir\".
 */
function quotedTexts(line: string, endsInBackslash: boolean): Quoted[] | null {
  const texts: Quoted[] = [];
  for (let at = 0; at < line.length; at += 1) {
    const quote = line[at];
    if (quote === "#") break;
    if (quote !== '"' && quote !== "'") continue;
    const end = quote === "'" ? line.indexOf("'", at + 1) : closingQuote(line, at + 1, endsInBackslash);
    if (end === -1) return null;
    if (quote === '"') texts.push({ start: at, end: end + 1, content: line.slice(at + 1, end) });
    at = end;
  }
  return texts;
}

function closingQuote(line: string, start: number, endsInBackslash: boolean): number {
  for (let at = start; at < line.length; at += 1) {
    if (line[at] === '"') return at;
    if (line[at] !== "\\") continue;
    const closes = line[at + 1] === '"' && /^\s*(?:[,\]}#]|$)/.test(line.slice(at + 2));
    if (!(endsInBackslash && closes)) at += 1;
  }
  return -1;
}

function hasWrongEscape(content: string): boolean {
  for (let at = content.indexOf("\\"); at !== -1; at = content.indexOf("\\", at)) {
    const taken = escape.exec(content.slice(at + 1));
    if (!taken) return true;
    at += 1 + taken[0].length;
  }
  return false;
}

/** `C:\x` or `\\server\x`, each backslash written once. */
function beginsLikePath(content: string): boolean {
  return /^[A-Za-z]:\\[^\\]/.test(content) || /^\\\\[^\\]+\\[^\\]/.test(content);
}

function literal(content: string): string {
  return content.includes("'") ? `"${content.replaceAll("\\", "\\\\")}"` : `'${content}'`;
}

/** A text that parses again, and the lines that had to change for it. */
interface CorrectedConfig {
  text: string;
  /** Counted from 1, with what was there and what is there now. */
  lines: { line: number; before: string; after: string }[];
}

/** How many wrong lines a text may have before it is not worth to go on. */
const limit = 20;

/**
 * Corrects slips of the pen where only one thing can have been meant: typographic quotes, blanks of other kinds,
 * a quote or a bracket that is not closed, a word without quotes, `True`, the backslashes of a Windows path. Null where
 * the parser stops at anything else. A key that stands twice is left for mergeDuplicates.
 */
export function correctTypos(text: string): CorrectedConfig | null {
  const corrected: CorrectedConfig = { text, lines: [] };
  for (let tries = 0; tries < limit; tries += 1) {
    const stop = stopOf(corrected.text);
    if (stop === null) return corrected.lines.length > 0 ? corrected : null;
    const next = correctLine(corrected.text, stop);
    if (next === null) return null;
    corrected.text = next.text;
    corrected.lines.push({ line: stop.line, before: next.before, after: next.after });
  }
  return null;
}

interface Stop {
  line: number;
  column: number;
}

/** Where the parser stops for another reason than a key that stands twice; null when it does not. */
function stopOf(text: string): Stop | null {
  const reading = readConfig(text);
  return reading.kind === "tree" || isRedefinition(reading) ? null : reading;
}

export function isRedefinition({ message }: { message: string }): boolean {
  return message.includes("redefine");
}

function correctLine(text: string, stop: Stop): { text: string; before: string; after: string } | null {
  const lines = text.split("\n");
  const written = lines[stop.line - 1] ?? "";
  // Of a text without a last line break it is no part of one.
  const before = stop.line < lines.length ? written.replace(/\r$/, "") : written;
  for (const correct of corrections) {
    const after = correct(before);
    if (after === before) continue;
    lines[stop.line - 1] = after + written.slice(before.length);
    const corrected = lines.join("\n");
    if (isFurther(stopOf(corrected), stop)) return { text: corrected, before, after };
  }
  return null;
}

function isFurther(next: Stop | null, { line }: Stop): boolean {
  return next === null || next.line > line;
}

/** Each changes a line in one way; the first one that gets the parser past the line is taken. */
const corrections: ((line: string) => string)[] = [
  straighten,
  (line) => line.replace(/^(\s*[\w.-]+\s*=\s*)(true|false)(\s*(?:#.*)?)$/i, lowerCaseValue),
  (line) =>
    line.replace(
      /^(\s*[\w.-]+\s*=\s*)(?!(?:yes|no|on|off|null|nil|none|nan|inf)\b)([A-Za-z][\w./-]*)(\s*(?:#.*)?)$/,
      '$1"$2"$3',
    ),
  withPathsMeant,
  (line) => line.replace(/^(\s*[\w.-]+\s*=\s*)"([^"#\\]*[^"#\\\s])\s*$/, '$1"$2"'),
  (line) => line.replace(/^(\s*\[[\w.-]+)\s*$/, "$1]"),
];

function straighten(line: string): string {
  return line
    .replaceAll(/[\u201C\u201D\u201E\u201F]/g, '"')
    .replaceAll(/[\u2018\u2019\u201A\u201B]/g, "'")
    .replaceAll(/[\u00A0\u2000-\u200B\u202F\u205F\u3000]/g, " ")
    .replaceAll("\r", "\n");
}

function lowerCaseValue(_: string, key: string, value: string, rest: string): string {
  return key + value.toLowerCase() + rest;
}
