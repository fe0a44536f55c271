/** True for an object that is no array: the only shape whose keys may be read by name. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own field of a record; inherited ones, such as `constructor`, do not count. */
export function field(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** A non-empty string field, or undefined. */
export function textField(value: unknown, key: string): string | undefined {
  const found = field(value, key);
  return typeof found === "string" && found !== "" ? found : undefined;
}

/** A finite number field, or undefined. */
export function numberField(value: unknown, key: string): number | undefined {
  const found = field(value, key);
  return typeof found === "number" && Number.isFinite(found) ? found : undefined;
}

/** True for text that means to be a JSON object or array, whether it parses or not. */
export function opensJson(text: string): boolean {
  return /^\s{0,100}[[{]/.test(text);
}

/**
 * JSON text as a value; undefined when it is not an object or array. Text that is nested deeper than any answer of an
 * API counts as not JSON: on 1 MB of brackets JSON.parse needs 140 ms, and more per byte the longer it is.
 */
export function parseJson(text: string): unknown {
  if (!opensJson(text) || isDeep(text, answerDepth)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const answerDepth = 200;

/** A file that is nested like this is no login, and would overflow the stack of whoever walks it. */
const fileDepth = 100;

/** True when more than so many brackets are open at once. Brackets inside strings do not count. */
export function isDeep(text: string, limit = fileDepth): boolean {
  if (text.length <= limit) return false;
  // Few are never deep, and counting them takes next to nothing.
  if (occurrences(text, "[", limit) + occurrences(text, "{", limit) <= limit) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === backslash) at += 1;
    else if (code === quote) at = stringEnd(text, at);
    else if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) depth -= 1;
    if (depth > limit) return true;
  }
  return false;
}

/** How often a bracket stands in a text; more than `enough` times is as good as often. */
function occurrences(text: string, bracket: string, enough: number): number {
  let count = 0;
  for (let at = text.indexOf(bracket); at >= 0 && count <= enough; at = text.indexOf(bracket, at + 1))
    count += 1;
  return count;
}

const quote = 0x22;
const backslash = 0x5c;

/** Where the string ends that begins at `start`; behind the text when it has no end. */
function stringEnd(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  while (at > 0 && isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at < 0 ? text.length : at;
}

function isEscaped(text: string, at: number): boolean {
  let from = at;
  while (text.charCodeAt(from - 1) === backslash) from -= 1;
  return (at - from) % 2 === 1;
}

/** A copy without the keys whose value is undefined, so that an absent value leaves no key behind. */
export function defined<T extends object>(value: T): T {
  const copy = { ...value };
  for (const key of Object.keys(copy)) {
    if (field(copy, key) === undefined) Reflect.deleteProperty(copy, key);
  }
  return copy;
}

type ObjectReading =
  | { kind: "object"; value: Record<string, unknown> }
  /** `problem` is half a sentence about the file. */
  | { kind: "broken"; problem: string };

/** Reads the text of a file that should hold one JSON object, without throwing. */
export function readJsonObject(text: string): ObjectReading {
  if (text.trim() === "") return broken("the file is empty");
  if (text.startsWith("\uFEFF")) return broken("it begins with a byte order mark");
  if (isDeep(text)) return broken("it is nested too deeply");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return broken("it is not complete JSON");
  }
  return isRecord(value) ? { kind: "object", value } : broken("it holds no JSON object");
}

function broken(problem: string): ObjectReading {
  return { kind: "broken", problem };
}

/** A finite number, also when it is written as text. */
export function readNumber(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || !/^\s*[+-]?\d+(\.\d+)?\s*$/.test(value)) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** Text that is not blank. */
export function readText(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

export function readBoolean(value: unknown): boolean | null {
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "True") return true;
  return value === "false" || value === "False" ? false : null;
}

export function readList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** JSON text as a value, null where it is none. Its depth is not looked at: for what is long and our own, or short. */
export function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function readTimeMs(value: unknown): number | null {
  const text = readText(value);
  const timeMs = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(timeMs) ? null : timeMs;
}
