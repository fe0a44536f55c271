import { isRecord } from "./json-value.ts";

/** Headers as fetch gives them (`Headers`, a Map, pairs) or as `node:http` does (a record). */
export type HeaderSource =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Lower-case names to values. Anything that is not a header is left out. */
export function headerMap(headers: unknown): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of pairsOf(headers)) {
    if (typeof name !== "string") continue;
    const text = headerText(value);
    if (text !== undefined) found.set(name.toLowerCase(), text);
  }
  return found;
}

function pairsOf(headers: unknown): [unknown, unknown][] {
  if (!isIterable(headers)) return isRecord(headers) ? Object.entries(headers) : [];
  const pairs: [unknown, unknown][] = [];
  for (const each of headers) if (Array.isArray(each)) pairs.push([each[0], each[1]]);
  return pairs;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    Symbol.iterator in value &&
    typeof value[Symbol.iterator] === "function"
  );
}

function headerText(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim();
  if (typeof value === "number") return String(value);
  return Array.isArray(value) ? headerText(value[0]) : undefined;
}
