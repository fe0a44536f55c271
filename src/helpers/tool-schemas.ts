import { field, isRecord } from "../errors/json-value.ts";
import type { JsonRecord } from "../errors/json-value.ts";
import { wrongCall } from "./named-call.ts";

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

function withSchema(tool: JsonRecord): JsonRecord {
  const parameters = field(tool, "parameters");
  return isRecord(parameters) ? { ...tool, parameters: cleanSchema(parameters, 0) } : tool;
}

function cleanSchema(schema: JsonRecord, depth: number): JsonRecord {
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
