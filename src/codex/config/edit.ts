import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import {
  type Layout,
  type LinePair,
  type Pair,
  scanLayout,
  type Span,
  startOfText,
  startsWith,
} from "./layout.ts";
import { formatPair, formatPath, formatValue, readConfig } from "./toml.ts";
import {
  type ConfigPath,
  type ConfigTree,
  type ConfigValue,
  configValue,
  isTable,
  sameValue,
  withoutValue,
  withValue,
} from "./tree.ts";

/** Text that replaces a span of the file. */
interface Splice extends Span {
  text: string;
}

/** How a value comes in: over the old one, into its table, or in a new table at the end. */
function insertion(text: string, layout: Layout, path: ConfigPath, value: ConfigValue): Splice | undefined {
  const { trail, rest } = follow(layout.pairs, path);
  const last = trail.at(-1);
  if (last && rest.length === 0) return { ...last.value, text: formatValue(value) };
  if (last) return last.members && intoInlineTable(text, last, formatPair(rest, value));
  return intoTable(text, layout, path, value);
}

/** How a key goes: with its line, or out of its inline table. */
function removal(text: string, layout: Layout, path: ConfigPath): Splice | undefined {
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

/** Sets the key at a path, or removes it when the value is undefined. */
export interface ConfigEdit {
  path: ConfigPath;
  value: ConfigValue | undefined;
}

/**
 * Changes keys of a config.toml in its text, so that comments, order and spelling of everything else stay.
 * The result is parsed again: it differs by exactly the edits, or the call throws and nothing is done.
 */
export function editConfig(text: string, edits: readonly ConfigEdit[]): string {
  return edits.reduce(editOnce, text);
}

function editOnce(text: string, edit: ConfigEdit): string {
  const before = treeOf(text);
  const obstacle = findObstacle(before, edit.path);
  if (obstacle) throw refusal(edit, obstacle);
  if (sameValue(configValue(before, edit.path), tomlValue(edit.value))) return text;
  const layout = scanLayout(text);
  const splice =
    edit.value === undefined
      ? removal(text, layout, edit.path)
      : insertion(text, layout, edit.path, edit.value);
  if (splice === undefined) throw refusal(edit, "its place in the file is not one that can be edited safely");
  const edited = apply(text, splice);
  if (!isExactly(edit, before, edited)) throw refusal(edit, "the edit would have changed more than that");
  return edited;
}

function treeOf(text: string): ConfigTree {
  const reading = readConfig(text);
  if (reading.kind === "tree") return reading.tree;
  throw new CodexAuthError(
    "config_unreadable",
    `config.toml cannot be read: line ${reading.line}, column ${reading.column}: ${reading.message}.`,
    { hint: "Correct that line, then run the command again." },
  );
}

/** Why no edit could be right, seen from the tree alone. */
function findObstacle(tree: ConfigTree, path: ConfigPath): string | undefined {
  // A lone half of a surrogate pair has no spelling in TOML.
  if (path.length === 0 || /\p{Surrogate}/u.test(path.join("."))) return "it is no key that TOML can spell";
  const parents = path.slice(1).map((_, index) => configValue(tree, path.slice(0, index + 1)));
  if (parents.some(Array.isArray)) return "it is inside a list";
  if (parents.some((parent) => parent !== undefined && !isTable(parent))) return "it is below a plain value";
  const current = configValue(tree, path);
  if (isTable(current)) return "it is a whole table";
  if (Array.isArray(current) && current.some(isTable)) return "it is a list of tables";
  return undefined;
}

function apply(text: string, { start, end, text: insert }: Splice): string {
  return text.slice(0, start) + insert + text.slice(end);
}

function isExactly({ path, value }: ConfigEdit, before: ConfigTree, edited: string): boolean {
  const reading = readConfig(edited);
  if (reading.kind === "broken") return false;
  const after = reading.tree;
  if (value !== undefined) return sameValue(after, withValue(before, path, tomlValue(value)));
  // Tables that only the removed key had implied go with it.
  return (
    configValue(after, path) === undefined && sameValue(withoutValue(after, path), withoutValue(before, path))
  );
}

/** The value as the parser will give it back. */
function tomlValue(value: ConfigValue | undefined): unknown {
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
}

function refusal({ path, value }: ConfigEdit, why: string): CodexAuthError {
  const key = JSON.stringify(path.join("."));
  const verb = value === undefined ? "removed from" : "set in";
  return new CodexAuthError("config_edit_refused", `${key} cannot be ${verb} config.toml: ${why}.`, {
    hint: `Change ${key} in an editor, then run the command again.`,
  });
}
