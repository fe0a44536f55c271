import { isObject } from "./claims.ts";
import { isDeep } from "./json-depth.ts";

export type ObjectReading =
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
  return isObject(value) ? { kind: "object", value } : broken("it holds no JSON object");
}

function broken(problem: string): ObjectReading {
  return { kind: "broken", problem };
}
