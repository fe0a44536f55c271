import { type ConfigNode, configSchema, type ConfigTable } from "./schema.ts";
import { formatPath } from "./toml.ts";
import { type ConfigTree, type ConfigValue, isTable } from "./tree.ts";

/** A value that keeps Codex from starting. */
export interface ConfigFault {
  path: string[];
  /** As half a sentence: `is "wild"`, `is text`. Text of a person is shown only where a choice belongs. */
  found: string;
  /** What belongs there, as `one of "a", "b"`. */
  expected: string;
  /** What was certainly meant; undefined when that cannot be known. */
  meant: ConfigValue | undefined;
}

/** For a person, as half a sentence. */
export function faultText({ path, found, expected }: ConfigFault, file: string): string {
  return `in ${file}, ${formatPath(path)} ${found}, where ${expected} belongs`;
}

/** Every value of a kind that Codex refuses, in the order of the text. */
export function configFaults(tree: ConfigTree): ConfigFault[] {
  return tableFaults(tree, configSchema(), []);
}

/** The same of requirements.toml, as far as it is about logins: no table has the rest. */
export function requirementFaults(tree: ConfigTree): ConfigFault[] {
  const { fields } = configSchema();
  const { forced_login_method: method = {}, cli_auth_credentials_store: store = {} } = fields;
  const known = {
    allowed_login_methods: { items: method },
    allowed_chatgpt_workspaces: { items: { text: true } },
    cli_auth_credentials_store: store,
  } as const;
  return tableFaults(tree, { fields: known, others: "ignored" }, []);
}

function faultsAt(value: unknown, node: ConfigNode, path: string[]): ConfigFault[] {
  if (node.any || isTaken(value, node)) return faultsBelow(value, node, path);
  return [
    {
      path,
      found: describe(value, node),
      expected: describeNode(node),
      meant: meaning(value, node, path),
    },
  ];
}

function faultsBelow(value: unknown, { items, table }: ConfigNode, path: string[]): ConfigFault[] {
  if (isTable(value) && table) return tableFaults(value, table, path);
  if (!Array.isArray(value) || !items) return [];
  // A fault of an element is one of the list: only the list has a key.
  const [fault] = value.flatMap((each) => faultsAt(each, items, path));
  if (!fault) return [];
  const isOfElement = fault.path.length === path.length;
  return [
    isOfElement
      ? { ...fault, found: "holds something else", expected: describeList(items), meant: undefined }
      : fault,
  ];
}

function tableFaults(value: ConfigTree, table: ConfigTable, path: string[]): ConfigFault[] {
  const missing = (table.required ?? []).filter((key) => !Object.hasOwn(value, key));
  const faults = Object.entries(value).flatMap(([key, each]) => {
    const node = Object.hasOwn(table.fields, key) ? table.fields[key] : table.others;
    return typeof node === "object" ? faultsAt(each, node, [...path, key]) : [];
  });
  if (missing.length === 0) return faults;
  const expected = `a table with ${(table.required ?? []).join(", ")}`;
  return [...faults, { path, found: `has no ${missing.join(", ")}`, expected, meant: undefined }];
}

function isTaken(value: unknown, node: ConfigNode): boolean {
  const depends = (kind: string) => node.depends?.includes(kind) ?? false;
  // Codex takes a date as the text of it.
  if (value instanceof Date) return node.text === true || depends("text");
  if (typeof value === "string") return isTextTaken(value, node) || depends("text");
  if (typeof value === "boolean") return node.flag === true;
  if (typeof value === "bigint") return isIntegerTaken(value, node.integer);
  if (typeof value === "number") return node.float === true;
  if (Array.isArray(value)) return node.items !== undefined || isListTaken(value, node);
  return isTable(value) && (depends("table") || isTableTaken(value, node));
}

/** Of a node that is no list: an empty one perhaps, or a table as the list of its values. */
function isListTaken(value: readonly unknown[], { emptyList, depends, notInList }: ConfigNode): boolean {
  if (depends?.includes("list")) return value.length !== 1 || !notInList?.includes(kindOf(value[0]));
  return emptyList === true && value.length === 0;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "list";
  const kinds: Record<string, string> = {
    string: "text",
    bigint: "integer",
    boolean: "flag",
    number: "float",
  };
  return kinds[typeof value] ?? (isTable(value) ? "table" : "date");
}

/** Of a table that says which kind it is, Codex knows every kind by its only key. */
function isTableTaken(value: ConfigTree, { table, text }: ConfigNode): boolean {
  if (!table?.isOneOf) return table !== undefined;
  const [key, ...more] = Object.keys(value);
  if (key === undefined || more.length > 0) return false;
  return Object.hasOwn(table.fields, key) || (Array.isArray(text) && text.includes(key));
}

function isTextTaken(value: string, { text, notEmpty, items }: ConfigNode): boolean {
  if (text === undefined) return false;
  if (text !== true) return text.includes(value);
  // The one key that takes a text or a list takes no text that looks like a list.
  if (items && value.includes(",")) return false;
  return value !== "" || !notEmpty;
}

function isIntegerTaken(value: bigint, range: ConfigNode["integer"]): boolean {
  if (!range) return false;
  const [min, max] = range;
  return (min === null || value >= min) && (max === null || value <= max);
}

function describe(value: unknown, { text }: ConfigNode): string {
  if (value === "") return "is empty";
  const isShown = Array.isArray(text) || typeof value !== "string";
  if (typeof value === "string")
    return isShown && value.length < 40 ? `is ${JSON.stringify(value)}` : "is text";
  if (typeof value === "bigint" || typeof value === "number") return "is a number";
  if (typeof value === "boolean") return `is ${value}`;
  if (Array.isArray(value)) return "is a list";
  return isTable(value) ? "is a table" : "is a date";
}

function describeNode(node: ConfigNode): string {
  const { text, integer, float, flag, items, table } = node;
  const kinds = [
    ...(Array.isArray(text) && text.length > 0 ? [choiceText(text)] : []),
    ...(text === true ? [items ? "one text without a comma" : "a text in quotes"] : []),
    ...(flag ? ["true or false"] : []),
    ...(float ? ["a number"] : integer ? [integerText(integer)] : []),
    ...(items ? [describeList(items)] : []),
    ...(table ? describeTable(table) : []),
  ];
  return kinds.length === 0 ? "another value" : kinds.join(", or ");
}

function describeTable({ isOneOf, fields }: ConfigTable): string[] {
  const kinds = Object.keys(fields);
  if (!isOneOf) return ["a table"];
  return kinds.length === 0 ? [] : [`a table of the kind ${kinds.join(" or ")}`];
}

function choiceText(words: readonly string[]): string {
  return `one of ${words.map((word) => `"${word}"`).join(", ")}`;
}

function describeList(items: ConfigNode): string {
  if (items.text === true) return "a list of texts";
  return items.table ? "a list of tables" : "a list";
}

function integerText([, max]: NonNullable<ConfigNode["integer"]>): string {
  return max !== null && max < 1_000_000 ? `a whole number from 0 to ${max}` : "a whole number";
}

/** What the person wrote, in the spelling that Codex reads. Nothing is guessed. */
function meaning(value: unknown, node: ConfigNode, path: readonly string[]): ConfigValue | undefined {
  const { text, items, flag, integer } = node;
  if (integer && !flag) return wholeNumber(value, integer);
  if (typeof value !== "string") return undefined;
  if (Array.isArray(text)) return (text as string[]).find((choice) => bare(choice) === bare(value));
  if (text === true && items) return value.split(",").map((each) => each.trim());
  if (flag) return flags.get(value.trim().toLowerCase());
  const isList = items?.text === true && path.length > 0;
  return isList && /^\S+$/.test(value) ? [value] : undefined;
}

const flags = new Map([
  ["true", true],
  ["false", false],
]);

function wholeNumber(value: unknown, range: NonNullable<ConfigNode["integer"]>): number | undefined {
  const isWritten = typeof value === "string" && /^\s*-?\d{1,15}\s*$/.test(value);
  const number = isWritten || typeof value === "number" ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) && isIntegerTaken(BigInt(number), range) ? number : undefined;
}

/** `Read_Only` and `read-only` are the same word. */
function bare(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z]/g, "");
}
