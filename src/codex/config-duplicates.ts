import { scanLayout, startsWith, type Layout, type LinePair, type Span } from "./config-layout.ts";
import { linesOf } from "./config-lines.ts";
import { formatPath, readConfig } from "./config-toml.ts";
import { configValue, sameValue, type ConfigPath, type ConfigTree } from "./config-tree.ts";

/** A key or a table that stands twice in a config.toml, which TOML forbids. */
export interface Duplicate {
  /** As TOML spells it; a table in brackets. */
  name: string;
  isTable: boolean;
  firstLine: number;
  secondLine: number;
}

interface Part {
  path: ConfigPath;
  line: Span;
  pair: LinePair | null;
}

type Repeated = [first: Part, second: Part];

/** In the order of their second lines; none when other faults hide where the keys are. */
export function findDuplicates(text: string): Duplicate[] {
  return repeatedParts(text, layoutOf(text)).map(([first, second]) => {
    const path = formatPath(second.path);
    return {
      name: second.pair ? path : `[${path}]`,
      isTable: second.pair === null,
      firstLine: linesOf(text, first.line).first,
      secondLine: linesOf(text, second.line).first,
    };
  });
}

/**
 * The text with every table and every key once, and nothing lost: a second table joins the first, and a key that says
 * the same twice says it once. Null where that is not possible, because a key has two values.
 */
export function mergeDuplicates(text: string): string | null {
  let merged = text;
  for (let left = repeatedParts(text, layoutOf(text)).length; left >= 0; left -= 1) {
    const layout = layoutOf(merged);
    const [repeated] = repeatedParts(merged, layout);
    if (!repeated) break;
    const next = mergeOnce(merged, layout, repeated);
    if (next === null) return null;
    merged = next;
  }
  const reading = readConfig(merged);
  return reading.kind === "tree" && holdsAll(reading.tree, text) ? merged : null;
}

function layoutOf(text: string): Layout {
  try {
    return scanLayout(text);
  } catch {
    return { pairs: [], headers: [] };
  }
}

function repeatedParts(text: string, { pairs, headers }: Layout): Repeated[] {
  const lists = headers.filter(({ line }) => /^[\s\uFEFF]*\[\[/.test(text.slice(line.start, line.end)));
  const isPlain = (path: ConfigPath) => !lists.some((list) => startsWith(path, list.path));
  const parts: Part[] = [
    ...headers.map(({ path, line }) => ({ path, line, pair: null })),
    ...pairs.map((pair) => ({ path: pair.path, line: pair.line, pair })),
  ];
  const seen = new Map<string, Part>();
  const repeated: Repeated[] = [];
  for (const part of parts.filter(({ path }) => isPlain(path))) {
    const key = JSON.stringify([part.pair === null, part.path]);
    const first = seen.get(key);
    if (first) repeated.push([first, part]);
    else seen.set(key, part);
  }
  return repeated.sort(([, a], [, b]) => a.line.start - b.line.start);
}

function mergeOnce(text: string, layout: Layout, [first, second]: Repeated): string | null {
  if (first.pair && second.pair)
    return isSame(text, first.pair, second.pair) ? without(text, second.line) : null;
  const body = keysBelow(layout, second);
  const end = keysBelow(layout, first).end;
  const moved = text.slice(body.start, body.end);
  const gap = moved === "" || text[end - 1] === "\n" ? "" : "\n";
  const rest = text.slice(end, second.line.start) + text.slice(body.end);
  const joint = rest === "" || moved === "" || moved.endsWith("\n") ? "" : "\n";
  return text.slice(0, end) + gap + moved + joint + rest;
}

function isSame(text: string, a: LinePair, b: LinePair): boolean {
  return sameValue(valueOf(text, a), valueOf(text, b));
}

function valueOf(text: string, { value }: LinePair): unknown {
  const reading = readConfig(`value = ${text.slice(value.start, value.end)}`);
  return reading.kind === "tree" ? reading.tree["value"] : Symbol("broken");
}

function without(text: string, { start, end }: Span): string {
  return text.slice(0, start) + text.slice(end);
}

/** From behind a header to its last key; comments behind that belong to what follows. */
function keysBelow({ pairs, headers }: Layout, { line }: Part): Span {
  const next = headers.find((each) => each.line.start > line.start)?.line.start ?? Number.POSITIVE_INFINITY;
  const last = pairs.findLast((pair) => pair.line.start > line.start && pair.line.start < next);
  return { start: line.end, end: last?.line.end ?? line.end };
}

/** Every key that the text sets has its value. */
function holdsAll(tree: ConfigTree, text: string): boolean {
  const { pairs, headers } = layoutOf(text);
  const lists = headers.filter(({ path }) => Array.isArray(configValue(tree, path)));
  return pairs
    .filter(({ path }) => !lists.some((list) => startsWith(path, list.path)))
    .every((pair) => sameValue(configValue(tree, pair.path), valueOf(text, pair)));
}
