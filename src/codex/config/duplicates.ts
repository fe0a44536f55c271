import { type Layout, type LinePair, scanLayout, type Span } from "./layout.ts";
import { lineFinder } from "./lines.ts";
import { formatPath, readConfig } from "./toml.ts";
import { type ConfigPath, type ConfigTree, configValue, sameValue } from "./tree.ts";

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
  const lineAt = lineFinder(text);
  return repeatedParts(text, scanLayout(text)).map(([first, second]) => {
    const path = formatPath(second.path);
    return {
      name: second.pair ? path : `[${path}]`,
      isTable: second.pair === null,
      firstLine: lineAt(first.line.start),
      secondLine: lineAt(second.line.start),
    };
  });
}

/**
 * The text with every table and every key once, and nothing lost: a second table joins the first, and a key that says
 * the same twice says it once. Null where that is not possible, because a key has two values.
 */
export function mergeDuplicates(text: string): string | null {
  const layout = scanLayout(text);
  const repeated = repeatedParts(text, layout);
  if (repeated.length === 0) return readConfig(text).kind === "tree" ? text : null;
  const valueOf = valueReader(text);
  const keys = repeated.flatMap(([first, second]) =>
    first.pair && second.pair ? [{ first: first.pair, second: second.pair }] : [],
  );
  if (!keys.every(({ first, second }) => sameValue(valueOf(first), valueOf(second)))) return null;
  const gone = keys.map(({ second }) => second.line);
  const merged = spliced(text, gone, movesOf(layout, repeated));
  const reading = readConfig(merged);
  return reading.kind === "tree" && holdsAll(reading.tree, layout, valueOf) ? merged : null;
}

/** A table that stands there again: its keys go behind those of the first one. */
interface Move {
  header: Span;
  body: Span;
  target: number;
}

function movesOf({ pairs, headers }: Layout, repeated: readonly Repeated[]): Move[] {
  const bodies = bodiesOf(pairs, headers);
  return repeated.flatMap(([first, second]) => {
    const [target, body] = [bodies.get(first.line.start), bodies.get(second.line.start)];
    return second.pair || !target || !body ? [] : [{ header: second.line, body, target: target.end }];
  });
}

/** From behind each header to its last key; comments behind that belong to what follows. */
function bodiesOf(pairs: Layout["pairs"], headers: Layout["headers"]): Map<number, Span> {
  const bodies = new Map<number, Span>();
  let at = 0;
  for (const [index, { line }] of headers.entries()) {
    const next = headers[index + 1]?.line.start ?? Number.POSITIVE_INFINITY;
    let { end } = line;
    for (; (pairs[at]?.line.start ?? next) < next; at += 1) {
      const pair = pairs[at];
      if (pair && pair.line.start > line.start) end = pair.line.end;
    }
    bodies.set(line.start, { start: line.end, end });
  }
  return bodies;
}

/** The text without the lines that are gone, and with the bodies of moved tables at their targets. */
function spliced(text: string, gone: readonly Span[], moves: readonly Move[]): string {
  const goneIn = gone.toSorted((a, b) => a.start - b.start);
  const arriving = new Map<number, Move[]>();
  for (const move of moves) {
    const there = arriving.get(move.target);
    if (there) there.push(move);
    else arriving.set(move.target, [move]);
  }
  const targets = [...arriving.keys()].map((target) => ({ start: target, end: target, target }));
  const leaving = moves.map(({ header, body }) => ({ start: header.start, end: body.end, target: null }));
  const steps = [...targets, ...leaving].sort((a, b) => a.start - b.start || a.end - b.end);
  const out = new Lines();
  let at = 0;
  for (const { start, end, target } of steps) {
    out.add(kept(text, { start: at, end: start }, goneIn));
    for (const { body } of target === null ? [] : (arriving.get(target) ?? []))
      out.addLines(kept(text, body, goneIn));
    at = end;
  }
  out.add(kept(text, { start: at, end: text.length }, goneIn));
  return out.text();
}

/** A part of the text without the lines in it that are gone. */
function kept(text: string, { start, end }: Span, gone: readonly Span[]): string {
  const parts: string[] = [];
  let at = start;
  for (let index = firstFrom(gone, start); index < gone.length; index += 1) {
    const line = gone[index];
    if (!line || line.start >= end) break;
    parts.push(text.slice(at, line.start));
    at = line.end;
  }
  return parts.join("") + text.slice(at, Math.max(at, end));
}

/** The index of the first span that begins at `start` or behind it. */
function firstFrom(spans: readonly Span[], start: number): number {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.start ?? start) < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Texts one behind the other, with a line end where one is missing. */
class Lines {
  readonly #parts: string[] = [];
  #isOpen = false;

  add(text: string): void {
    if (text === "") return;
    if (this.#isOpen) this.#parts.push("\n");
    this.#isOpen = false;
    this.#parts.push(text);
  }

  /** Whole lines: what stands before them, and what follows, is on lines of its own. */
  addLines(text: string): void {
    if (text === "") return;
    const last = this.#parts.at(-1);
    this.#isOpen ||= last !== undefined && !last.endsWith("\n");
    this.add(text);
    this.#isOpen = !text.endsWith("\n");
  }

  text(): string {
    return this.#parts.join("");
  }
}

function repeatedParts(text: string, { pairs, headers }: Layout): Repeated[] {
  const isList = ({ line }: { line: Span }) => /^[\s\uFEFF]*\[\[/.test(text.slice(line.start, line.end));
  const lists = pathSet(headers.filter(isList).map(({ path }) => path));
  const parts: Part[] = [
    ...headers.map(({ path, line }) => ({ path, line, pair: null })),
    ...pairs.map((pair) => ({ path: pair.path, line: pair.line, pair })),
  ];
  const seen = new Map<string, Part>();
  const repeated: Repeated[] = [];
  for (const part of parts.filter(({ path }) => !lists.coversPath(path))) {
    const key = JSON.stringify([part.pair === null, part.path]);
    const first = seen.get(key);
    if (first) repeated.push([first, part]);
    else seen.set(key, part);
  }
  return repeated.sort(([, a], [, b]) => a.line.start - b.line.start);
}

/** Reads the value of a pair, each once. */
function valueReader(text: string): (pair: LinePair) => unknown {
  const known = new Map<LinePair, unknown>();
  return (pair) => {
    if (!known.has(pair)) {
      const reading = readConfig(`value = ${text.slice(pair.value.start, pair.value.end)}`);
      known.set(pair, reading.kind === "tree" ? reading.tree["value"] : Symbol("broken"));
    }
    return known.get(pair);
  };
}

/** Every key that the text sets has its value. */
function holdsAll(
  tree: ConfigTree,
  { pairs, headers }: Layout,
  valueOf: (pair: LinePair) => unknown,
): boolean {
  const listed = headers.filter(({ path }) => Array.isArray(configValue(tree, path)));
  const lists = pathSet(listed.map(({ path }) => path));
  return pairs
    .filter(({ path }) => !lists.coversPath(path))
    .every((pair) => sameValue(configValue(tree, pair.path), valueOf(pair)));
}

/** Paths of which it is asked whether one of them leads to another path. */
interface PathSet {
  /** Whether a path is one of the set or lies below one. */
  coversPath(path: ConfigPath): boolean;
}

interface Node {
  isEnd: boolean;
  readonly below: Map<string, Node>;
}

/** A tree of keys, so that a question takes as long as its path and not as the set. */
function pathSet(paths: readonly ConfigPath[]): PathSet {
  const root: Node = { isEnd: false, below: new Map() };
  for (const path of paths) add(root, path);
  return { coversPath: (path) => covers(root, path) };
}

function add(root: Node, path: ConfigPath): void {
  let node = root;
  for (const key of path) {
    const next = node.below.get(key) ?? { isEnd: false, below: new Map<string, Node>() };
    node.below.set(key, next);
    node = next;
  }
  node.isEnd = true;
}

function covers(root: Node, path: ConfigPath): boolean {
  let node: Node | undefined = root;
  for (const key of path) {
    if (node.isEnd) return true;
    node = node.below.get(key);
    if (!node) return false;
  }
  return node.isEnd;
}
