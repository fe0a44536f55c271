import { safeLines } from "../text/safe-text.ts";
import { cutMiddle, displayWidth } from "../text/width.ts";
import type { Ui } from "./ui.ts";

/**
 * Fits a text to a terminal: lines that are too long wrap at words and keep their indent. What can be copied (a
 * command, a path, an address) stays whole, on a line of its own where it must.
 */
export function wrapText(text: string, columns: number): string {
  if (columns < 20) return text;
  return text
    .split("\n")
    .flatMap((line) => (displayWidth(line) <= columns ? [line] : wrapLine(line, columns)))
    .join("\n");
}

function wrapLine(line: string, columns: number): string[] {
  // A comment of a file that is copied stays a comment.
  const indent = /^ *(?:(?:#|\/\/) )?/.exec(line)?.[0] ?? "";
  // A list of names and their descriptions, as in the help: what follows stays below the description.
  const named = /^ +\S.*? {2,}(?=\S)/.exec(line)?.[0] ?? "";
  const hang =
    named !== "" && displayWidth(named) <= columns * 0.6 ? " ".repeat(displayWidth(named)) : indent;
  const lines: string[] = [];
  let current = "";
  for (const atom of atomsOf(line.slice(indent.length))) {
    const start = lines.length === 0 ? indent : hang;
    const joined = current === "" ? start + atom.trimStart() : current + atom;
    if (current === "" || displayWidth(joined.trimEnd()) <= columns) {
      current = joined;
      continue;
    }
    lines.push(current.trimEnd());
    current = hang + atom.trimStart();
  }
  return [...lines, current.trimEnd()];
}

const programs = new Set(
  "codex-auth codex alias npx npm sudo chmod chown kill lsof mv cp rm mkdir ls ln export eval unset env systemctl jq curl apt".split(
    " ",
  ),
);
/** Words with which our sentences go on behind a command. */
const goesOn = new Set(
  "and or to if then when which does uses shows says lists with for on in as a the after before again first is it once at makes takes prints".split(
    " ",
  ),
);

/** Words with the blanks before them; a command that can be copied is one. */
function atomsOf(text: string): string[] {
  const words = text.match(/\s*\S+/g) ?? [];
  const atoms: string[] = [];
  for (let at = 0; at < words.length;) {
    const length = commandLength(words, at);
    atoms.push(words.slice(at, at + length).join(""));
    at += length;
  }
  return atoms;
}

/** How many words belong to the command that begins here; 1 where none does. */
function commandLength(words: readonly string[], at: number): number {
  const [first = "", second = ""] = words.slice(at).map((word) => word.trim());
  const isQuoted = first.startsWith("`") && !/`\W*$/.test(first.slice(1));
  const isOurs = first === "codex-auth" || (first === "codex" && second === "auth");
  if (at === 0 && isPrompt(first)) return words.length;
  const isNamed = at === 0 || (words[at - 1] ?? "").endsWith(":");
  // "2 h" and "47 %" stay together.
  if (/^\(?[<~]?\d[\d.]*$/.test(first) && /^(?:d|h|min|s|%|k|M|G)\b|^%/.test(second)) return 2;
  if (!isQuoted && !isOurs && !(isNamed && programs.has(first))) return 1;
  let length = 1;
  while (at + length < words.length) {
    const before = (words[at + length - 1] ?? "").trim();
    const word = (words[at + length] ?? "").trim();
    if (isQuoted ? /`\W*$/.test(before) && length > 1 : /[,;:.)]$/.test(before)) break;
    if (!isQuoted && (goesOn.has(word) || /^[(#]/.test(word))) break;
    length += 1;
  }
  return length;
}

/** `$`, behind which all is a command; also where a colour begins with it. */
function isPrompt(word: string): boolean {
  return word.endsWith("$") && displayWidth(word) === 1;
}

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
