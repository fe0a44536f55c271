import { isObject } from "../codex/claims.ts";

/** The texts of which a pool.json is made, also where it is no JSON as a whole. */
export interface PoolPieces {
  /** What stands before the list of accounts. */
  head: Record<string, unknown>;
  /** An account each, or what is left of one. */
  entries: string[];
  /** The file goes on to its end: nothing was cut off. */
  isWhole: boolean;
}

/** We write one account a line; an editor may have laid the file out in another way. */
export function entriesIn(text: string): PoolPieces {
  const start = text.indexOf('"accounts"');
  const list = start < 0 ? text : text.slice(start);
  const lines = list.split("\n").slice(1);
  const isOurs = lines.some((line) => line.startsWith('{"id":"'));
  const entries = isOurs ? lines.filter((line) => line.startsWith("{")).map(withoutComma) : objectsIn(list);
  const isWhole = /\]\s*\}\s*$/.test(text.slice(-100));
  return { head: start < 0 ? {} : headOf(text.slice(0, start)), entries, isWhole };
}

function withoutComma(line: string): string {
  return line.replace(/,\s*$/, "");
}

function headOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(`${text.replace(/,\s*$/, "")}}`);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** Every `{…}` at the outermost level, and the open one at the end. */
function objectsIn(text: string): string[] {
  const found: string[] = [];
  let [depth, start] = [0, 0];
  // A quote that nothing closes is no text, and then no later one is closed either.
  let hasTexts = true;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"' && hasTexts) {
      const end = endOfText(text, at);
      hasTexts = end < text.length;
      if (hasTexts) at = end;
    }
    if (character === "{" && depth++ === 0) start = at;
    if (character === "}" && depth > 0 && --depth === 0) found.push(text.slice(start, at + 1));
  }
  return depth > 0 ? [...found, text.slice(start)] : found;
}

/** Where the quote stands that closes a text; the end of all when none does. */
function endOfText(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  return Math.min(end, text.length);
}
