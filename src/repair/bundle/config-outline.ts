import { configSchema } from "../../codex/config-schema.ts";
import type { ConfigNode } from "../../codex/config-schema.ts";
import { isTable } from "../../codex/config-tree.ts";
import { wordOr } from "./shape.ts";

/** Choices that Codex does not check, or whose list the server makes. */
const otherWords = `minimal xhigh max ultra flex fast priority default openai ollama lmstudio amazon-bedrock`;
/** A name of a model made of words that OpenAI uses; what somebody adds to it is not told. */
const modelName =
  /^(?:gpt-\d(?:\.\d{1,2})?|gpt-4o|gpt-oss|o\d)(?:-(?:codex|mini|max|nano|pro|latest|spark))*$/;

/** The settings of config.toml: keys and words that Codex knows, switches, and of anything else what kind it is. */
export function outlineOf(tree: unknown): unknown {
  const known: ConfigNode = { table: configSchema() };
  const words = new Set([...otherWords.split(" "), ...choicesIn(known)]);
  return outline(tree, known, (value) => words.has(value) || modelName.test(value));
}

type IsKnown = (value: string) => boolean;

function outline(value: unknown, known: ConfigNode | undefined, isKnown: IsKnown): unknown {
  if (isTable(value)) return tableOutline(value, known, isKnown);
  if (Array.isArray(value)) return value.map((each) => outline(each, known?.items, isKnown));
  if (typeof value === "string") return wordOr(value, isKnown);
  if (typeof value === "boolean" || value === null || value === undefined) return value;
  if (value instanceof Date) return "[time]";
  if (typeof value !== "number" && typeof value !== "bigint") return "[unknown]";
  const isNumber = known?.integer !== undefined || known?.float === true;
  return isNumber ? Number(value) : `[number, ${String(value).length} characters]`;
}

function tableOutline(
  table: Record<string, unknown>,
  known: ConfigNode | undefined,
  isKnown: IsKnown,
): object {
  const fields = known?.table?.fields ?? {};
  const others = known?.table?.others;
  const entries = Object.entries(table).map(([key, child], index): [string, unknown] => {
    const isField = Object.hasOwn(fields, key);
    const name = isField ? key : `[name ${index + 1}, ${key.length} characters]`;
    const below = isField ? fields[key] : typeof others === "object" ? others : undefined;
    return [name, outline(child, below, isKnown)];
  });
  return Object.fromEntries(entries);
}

function choicesIn({ text, items, table }: ConfigNode): string[] {
  const own = Array.isArray(text) ? (text as string[]) : [];
  const below = [
    ...Object.values(table?.fields ?? {}),
    ...(typeof table?.others === "object" ? [table.others] : []),
    ...(items ? [items] : []),
  ];
  return [...own, ...below.flatMap(choicesIn)];
}
