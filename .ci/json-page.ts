import { z } from "zod";
import { documentSchemas } from "../src/documents.ts";
import { table } from "./markdown-table.ts";

interface Schema {
  type?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
}

/** What more the page tells: the fields of what several documents share, by their place in that of `list`. */
const shared: [string, readonly string[]][] = [
  ["an account", ["accounts"]],
  ["its `limits[]`", ["accounts", "limits"]],
  ["its `credential`", ["accounts", "credential"]],
  ["a finding", ["findings"]],
];

/** docs/json.md with its tables as the schemas have them. Written by `npm run docs`; a test compares. */
export async function jsonPage(current: string): Promise<string> {
  const documents = await documentSchemas();
  const own = Object.entries(documents).map(([name, document]) => [`\`${name}\``, fields(success(document))]);
  const list = documents["list"];
  if (!list) throw new Error("There is no list.");
  const parts = shared.map(([name, path]) => [name, fields(at(success(list), path))]);
  return withTable(withTable(current, ["command", "sections"], own), ["in them", "fields"], parts);
}

function withTable(page: string, head: string[], rows: string[][]): string {
  const pattern = new RegExp(`^\\| ${head[0]} +\\| ${head[1]} +\\|\\n(\\|.*\\n)*`, "m");
  if (!pattern.test(page)) throw new Error(`docs/json.md has no table of ${head.join(" and ")}.`);
  return page.replace(pattern, () => `${table(head, rows)}\n`);
}

/** The document of a command that did its work; the other one is that of a failure. */
function success(document: z.ZodType): Schema {
  const schema = z.toJSONSchema(document, { io: "input" }) as Schema;
  return schema.anyOf?.find(({ properties }) => !("error" in (properties ?? {}))) ?? {};
}

function at(schema: Schema, path: readonly string[]): Schema {
  return path.reduce<Schema>((outer, name) => {
    const inner = outer.properties?.[name] ?? {};
    return inner.items ?? inner;
  }, schema);
}

function fields({ properties = {} }: Schema): string {
  return Object.entries(properties)
    .filter(([name]) => !["command", "schemaVersion", "ok"].includes(name))
    .map(([name, { type }]) => `\`${name}${type === "array" ? "[]" : ""}\``)
    .join(", ");
}
