import { field, isRecord } from "../text/json.ts";
import { wrongCall } from "./call-forms.ts";

// JSON Schema that the backend answers with 400.
const refused: ReadonlySet<string> = new Set(
  (
    "$schema $id $comment $anchor $dynamicRef $dynamicAnchor $vocabulary examples patternProperties propertyNames " +
    "unevaluatedProperties unevaluatedItems contains minContains maxContains dependencies dependentRequired " +
    "dependentSchemas if then else not contentEncoding contentMediaType contentSchema readOnly writeOnly deprecated " +
    "prefixItems"
  ).split(" "),
);
const maps: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"]);
const deepest = 100;

/** The tools with schemas that the backend takes. Tools without a schema, and what is no list, stay as they are. */
export function cleanTools(tools: unknown): unknown {
  return Array.isArray(tools) ? tools.map(cleanTool) : tools;
}

function cleanTool(tool: unknown): unknown {
  if (!isRecord(tool)) return tool;
  const nested = field(tool, "function");
  if (isRecord(nested)) return { ...tool, function: withSchema(nested) };
  return withSchema(tool);
}

function withSchema(tool: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const parameters = field(tool, "parameters");
  return isRecord(parameters) ? { ...tool, parameters: cleanSchema(parameters, 0) } : tool;
}

function cleanSchema(
  schema: Readonly<Record<string, unknown>>,
  depth: number,
): Readonly<Record<string, unknown>> {
  if (depth > deepest) {
    throw wrongCall({ helper: "transformRequestBody", requires: "tool schemas at most 100 levels deep" });
  }
  const pairs: [string, unknown][] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (key === "const" && !Object.hasOwn(schema, "enum")) pairs.push(["enum", [value]]);
    else if (key === "required") pairs.push([key, knownNames(value, field(schema, "properties"))]);
    else if (key !== "const" && !refused.has(key)) pairs.push([key, cleanValue(key, value, depth + 1)]);
  }
  return Object.fromEntries(pairs);
}

/** Below `properties` the keys are names of the tool, not keywords. */
function cleanValue(key: string, value: unknown, depth: number): unknown {
  if (key === "enum" || key === "default") return value;
  if (Array.isArray(value))
    return value.map((each: unknown) => (isRecord(each) ? cleanSchema(each, depth) : each));
  if (!isRecord(value)) return value;
  if (!maps.has(key)) return cleanSchema(value, depth);
  const pairs = Object.entries(value);
  return Object.fromEntries(
    pairs.map(([name, each]) => [name, isRecord(each) ? cleanSchema(each, depth) : each]),
  );
}

/** A required name without a property is refused too. */
function knownNames(names: unknown, properties: unknown): unknown {
  if (!Array.isArray(names) || !isRecord(properties)) return names;
  return names.filter((name) => typeof name === "string" && Object.hasOwn(properties, name));
}

/** One item of a Responses input: a message, a call, an output. Fields that are not known are kept. */
export type InputItem = Readonly<Record<string, unknown>>;

/** A Responses request. Only what the helper looks at is named; every other field is kept. */
export interface RequestBody {
  readonly model?: string | undefined;
  readonly input?: unknown;
  readonly tools?: unknown;
  readonly instructions?: string | undefined;
  readonly reasoning?: unknown;
  readonly text?: unknown;
  readonly include?: unknown;
  readonly background?: boolean | undefined;
  readonly store?: boolean | undefined;
  /** `providerOptions.openai` holds `ModelOptions`. */
  readonly providerOptions?: unknown;
  readonly [field: string]: unknown;
}

/** What the transformed body has for certain. */
export interface CodexRequestBody {
  readonly model?: string | undefined;
  readonly stream: true;
  readonly store: boolean;
  readonly instructions: string;
  readonly include: readonly string[];
  readonly input?: readonly InputItem[] | undefined;
  readonly [field: string]: unknown;
}

export interface ModelOptions {
  readonly reasoningEffort?: string | undefined;
  readonly reasoningSummary?: string | undefined;
  readonly textVerbosity?: string | undefined;
  readonly include?: readonly string[] | undefined;
  readonly promptCacheRetention?: string | undefined;
  readonly promptCacheKey?: string | undefined;
  readonly serviceTier?: string | undefined;
}

/** Options for every model, and for some by name. */
export interface UserConfig {
  readonly global?: ModelOptions | undefined;
  readonly models?:
    | Readonly<Record<string, { readonly options?: ModelOptions | undefined } | undefined>>
    | undefined;
}
