import { shapedKeys, type ConfigShape } from "./config-shapes.ts";
import { isTable, type ConfigTree, type ConfigValue } from "./config-tree.ts";

/** A value that keeps Codex from starting. */
export interface ConfigFault {
  path: string[];
  /** As half a sentence: `is "wild"`, `is text`. Text of a person is shown only where a choice belongs. */
  found: string;
  /** What belongs there, as `one of "a", "b"`. */
  expected: string;
  shape: ConfigShape;
  /** What was certainly meant; undefined when that cannot be known. */
  meant: ConfigValue | undefined;
}

/** Every value of a shape that Codex refuses, in keys whose shape is known. */
export function configFaults(tree: ConfigTree): ConfigFault[] {
  return shapedKeys().flatMap(({ pattern, shape }) =>
    valuesAt(tree, pattern).flatMap(({ path, value }) =>
      fits(value, shape)
        ? []
        : [
            {
              path,
              found: describe(value, shape),
              expected: describeShape(shape),
              shape,
              meant: meaning(value, shape),
            },
          ],
    ),
  );
}

function valuesAt(value: unknown, pattern: readonly string[]): { path: string[]; value: unknown }[] {
  const [first, ...rest] = pattern;
  if (first === undefined) return [{ path: [], value }];
  if (!isTable(value)) return [];
  const keys = first === "*" ? Object.keys(value) : Object.hasOwn(value, first) ? [first] : [];
  return keys.flatMap((key) =>
    valuesAt(value[key], rest).map((found) => ({ path: [key, ...found.path], value: found.value })),
  );
}

function fits(value: unknown, shape: ConfigShape): boolean {
  switch (shape.kind) {
    case "text":
      return isText(value);
    case "word":
      return isText(value) && value !== "";
    case "flag":
      return typeof value === "boolean";
    case "table":
      // An empty list passes for a table without entries in some places.
      return isTable(value) || (Array.isArray(value) && value.length === 0);
    case "list":
      return Array.isArray(value) && value.every(isText);
    case "number":
      return typeof value === "bigint" || typeof value === "number";
    case "integer":
      return typeof value === "bigint" && value <= shape.max && value >= (shape.isSigned ? -shape.max : 0);
    case "choice":
      return isTable(value) ? shape.mayBeTable : shape.choices.some((choice) => choice === value);
    case "text or list":
      return (typeof value === "string" && !value.includes(",")) || fits(value, { kind: "list" });
    case "flag or list":
      return typeof value === "boolean" || fits(value, { kind: "list" });
    case "flag or table":
    default:
      return typeof value === "boolean" || isTable(value);
  }
}

/** Codex takes a date as the text of it. */
function isText(value: unknown): boolean {
  return typeof value === "string" || value instanceof Date;
}

function describe(value: unknown, { kind }: ConfigShape): string {
  if (value === "") return "is empty";
  const isShown = kind === "choice" || typeof value !== "string";
  if (typeof value === "string")
    return isShown && value.length < 40 ? `is ${JSON.stringify(value)}` : "is text";
  if (typeof value === "bigint" || typeof value === "number") return "is a number";
  if (typeof value === "boolean") return `is ${value}`;
  if (Array.isArray(value)) return "is a list";
  return isTable(value) ? "is a table" : "is a date";
}

function describeShape(shape: ConfigShape): string {
  if (shape.kind === "choice") return `one of ${shape.choices.map((choice) => `"${choice}"`).join(", ")}`;
  if (shape.kind !== "integer") return kindNames[shape.kind];
  return shape.max < 1_000_000 ? `a whole number from 0 to ${shape.max}` : "a whole number";
}

const kindNames = {
  text: "a text in quotes",
  word: "a text in quotes",
  flag: "true or false",
  table: "a table",
  list: "a list of texts",
  number: "a number",
  "text or list": "one text without a comma, or a list of texts",
  "flag or table": "true or false, or a table",
  "flag or list": "true or false, or a list of texts",
};

/** What the person wrote, in the spelling that Codex reads. Nothing is guessed. */
function meaning(value: unknown, shape: ConfigShape): ConfigValue | undefined {
  if (shape.kind === "integer") return wholeNumber(value, shape);
  if (typeof value !== "string") return undefined;
  if (shape.kind === "choice") return shape.choices.find((choice) => bare(choice) === bare(value));
  if (shape.kind === "text or list") return value.split(",").map((each) => each.trim());
  if (shape.kind === "list") return /^\S+$/.test(value) ? [value] : undefined;
  return shape.kind.startsWith("flag") ? flags.get(value.trim().toLowerCase()) : undefined;
}

const flags = new Map([
  ["true", true],
  ["false", false],
]);

function wholeNumber(value: unknown, shape: ConfigShape): number | undefined {
  const isWritten = typeof value === "string" && /^\s*-?\d{1,15}\s*$/.test(value);
  const number = isWritten || typeof value === "number" ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) && fits(BigInt(number), shape) ? number : undefined;
}

/** `Read_Only` and `read-only` are the same word. */
function bare(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z]/g, "");
}
