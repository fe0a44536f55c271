import { knownKeys } from "../../codex/config-keys.ts";
import { shapedKeys } from "../../codex/config-shapes.ts";
import type { ConfigShape } from "../../codex/config-shapes.ts";
import { isTable } from "../../codex/config-tree.ts";
import { wordOr } from "./shape.ts";

/** What is known of the keys below one key. */
interface KnownKey {
  shapes: ConfigShape[];
  children: Map<string, KnownKey>;
}

const anyName = "*";
/** Choices that Codex does not check, or whose list the server makes. */
const otherWords = `minimal xhigh max ultra flex fast priority default openai ollama lmstudio amazon-bedrock`;
/** A name of a model made of words that OpenAI uses; what somebody adds to it is not told. */
const modelName =
  /^(?:gpt-\d(?:\.\d{1,2})?|gpt-4o|gpt-oss|o\d)(?:-(?:codex|mini|max|nano|pro|latest|spark))*$/;

/** The settings of config.toml: keys and words that Codex knows, switches, and of anything else what kind it is. */
export function outlineOf(tree: unknown): unknown {
  const known = knownConfig();
  const words = new Set([...otherWords.split(" "), ...choicesIn(known)]);
  return outline(tree, known, (value) => words.has(value) || modelName.test(value));
}

type IsKnown = (value: string) => boolean;

function outline(value: unknown, known: KnownKey | undefined, isKnown: IsKnown): unknown {
  if (isTable(value)) return tableOutline(value, known, isKnown);
  if (Array.isArray(value)) return value.map((each) => outline(each, undefined, isKnown));
  if (typeof value === "string") return wordOr(value, isKnown);
  if (typeof value === "boolean" || value === null || value === undefined) return value;
  if (value instanceof Date) return "[time]";
  if (typeof value !== "number" && typeof value !== "bigint") return "[unknown]";
  const isNumber = known?.shapes.some(({ kind }) => kind === "integer" || kind === "number");
  return isNumber ? Number(value) : `[number, ${String(value).length} characters]`;
}

function tableOutline(table: Record<string, unknown>, known: KnownKey | undefined, isKnown: IsKnown): object {
  const entries = Object.entries(table).map(([key, child], index): [string, unknown] => {
    const exact = known?.children.get(key);
    const below = exact ?? known?.children.get(anyName);
    const name = exact && key !== anyName ? key : `[name ${index + 1}, ${key.length} characters]`;
    return [name, outline(child, below, isKnown)];
  });
  return Object.fromEntries(entries);
}

function knownConfig(): KnownKey {
  const root: KnownKey = { shapes: [], children: new Map() };
  for (const key of knownKeys) below(root, key);
  for (const { pattern, shape } of shapedKeys()) pattern.reduce(below, root).shapes.push(shape);
  return root;
}

function below({ children }: KnownKey, key: string): KnownKey {
  const found = children.get(key) ?? { shapes: [], children: new Map() };
  children.set(key, found);
  return found;
}

function choicesIn({ shapes, children }: KnownKey): string[] {
  const own = shapes.flatMap((shape) => (shape.kind === "choice" ? shape.choices : []));
  return [...own, ...[...children.values()].flatMap(choicesIn)];
}
