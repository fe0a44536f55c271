import { z } from "zod";
import { documentSchemas } from "../src/documents.ts";

interface Schema {
  $ref?: string;
  $defs?: Readonly<Record<string, Schema>>;
  type?: string | readonly string[];
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly Schema[];
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: Schema | boolean;
}

/**
 * src/document-types.ts: the documents of `--json` as plain types, from their schemas. What the compiler infers of the
 * schemas would bring the types of the whole program along. Written by `npm run docs`; tests compare both.
 */
export async function documentTypes(): Promise<string> {
  const schemas = Object.entries(await documentSchemas()).map(
    ([name, schema]) => [name, split(schema)] as const,
  );
  const failure = schemas[0]?.[1].failure ?? {};
  // Each schema names its own command; one type stands for all of them.
  const anyFailure = { ...failure, properties: { ...failure.properties, command: { type: "string" } } };
  const parts = schemas.map(([name, { success }]) => declare(`${pascal(name)}Document`, success));
  const rows = schemas.map(([name]) => `${JSON.stringify(name)}: ${pascal(name)}Document;`);
  return [
    "// Longer than 250 lines, because it is the schemas of the commands as types: `npm run docs` writes it.",
    "",
    "/** What every command prints with `--json` when it could not do its work. */",
    declare("FailureDocument", anyFailure),
    ...parts,
    "/** What each command prints with `--json` when it did, by its name. */",
    `export interface Documents { ${rows.join("\n")} }`,
    "",
  ].join("\n");
}

function split(document: z.ZodType): { success: Schema; failure: Schema } {
  const { anyOf = [], $defs = {} } = z.toJSONSchema(document, { io: "output" }) as Schema;
  const isFailure = ({ properties = {} }: Schema) => properties["ok"]?.const === false;
  return {
    success: resolve(anyOf.find((each) => !isFailure(each)) ?? {}, $defs),
    failure: resolve(anyOf.find(isFailure) ?? {}, $defs),
  };
}

/** What a schema refers to, in its place. */
function resolve(schema: Schema, defs: Readonly<Record<string, Schema>>): Schema {
  const text = JSON.stringify(schema, (_key, value: Schema | null) =>
    typeof value === "object" && value?.$ref ? defs[value.$ref.replace("#/$defs/", "")] : value,
  );
  return JSON.parse(text) as Schema;
}

function declare(name: string, schema: Schema): string {
  return `export interface ${name} ${typeText(schema)}\n`;
}

function typeText(schema: Schema): string {
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map(typeText).join(" | ");
  if (typeof schema.type === "object")
    return schema.type.map((type) => typeText({ ...schema, type })).join(" | ");
  if (schema.type === "array") return `(${typeText(schema.items ?? {})})[]`;
  if (schema.type === "object") return objectText(schema);
  return (
    { integer: "number", number: "number", string: "string", boolean: "boolean", null: "null" }[
      schema.type ?? ""
    ] ?? "unknown"
  );
}

function objectText({ properties, required = [], additionalProperties }: Schema): string {
  if (!properties) {
    const values = typeof additionalProperties === "object" ? typeText(additionalProperties) : "unknown";
    return `Record<string, ${values}>`;
  }
  const fields = Object.entries(properties).map(
    ([name, schema]) =>
      `${JSON.stringify(name)}${required.includes(name) ? "" : "?"}: ${typeText(schema)}${required.includes(name) ? "" : " | undefined"};`,
  );
  return `{ ${fields.join("\n")} }`;
}

function pascal(name: string): string {
  return name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
