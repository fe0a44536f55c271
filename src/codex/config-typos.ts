import { withPathsMeant } from "./config-backslashes.ts";
import { readConfig } from "./config-toml.ts";

/** A text that parses again, and the lines that had to change for it. */
export interface CorrectedConfig {
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
  const before = written.replace(/\r$/, "");
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
