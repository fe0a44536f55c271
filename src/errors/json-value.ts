export type JsonRecord = Readonly<Record<string, unknown>>;

/** True for an object that is no array: the only shape whose keys may be read by name. */
export function isRecord(value: unknown): value is JsonRecord {
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
  if (!opensJson(text) || isDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const deepest = 200;

/** True when more brackets are open at once than any answer of an API has. Brackets inside strings do not count. */
function isDeep(text: string): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (isText && char === 0x5c) at += 1;
    else if (char === 0x22) isText = !isText;
    else if (!isText && (char === 0x5b || char === 0x7b)) depth += 1;
    else if (!isText && (char === 0x5d || char === 0x7d)) depth -= 1;
    if (depth > deepest) return true;
  }
  return false;
}

/** A copy without the keys whose value is undefined, so that an absent value leaves no key behind. */
export function defined<T extends object>(value: T): T {
  const copy = { ...value };
  for (const key of Object.keys(copy)) {
    if (field(copy, key) === undefined) Reflect.deleteProperty(copy, key);
  }
  return copy;
}
