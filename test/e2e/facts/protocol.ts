import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CodexVersion, runCodex } from "../support/codex.ts";
import type { Protocol } from "./facts.ts";

type Json = { [key: string]: unknown };

/** The app-server's protocol, as the program prints its schema. */
export async function protocolOf(version: CodexVersion, home: string): Promise<Protocol> {
  const out = join(home, "schema");
  await runCodex(version, ["app-server", "generate-json-schema", "--out", out], { home });
  const read = (name: string) => JSON.parse(readFileSync(join(out, `${name}.json`), "utf8")) as Json;
  const definitions = definitionsOf(read("codex_app_server_protocol.schemas"));
  return {
    requests: methodsIn(read("ClientRequest")),
    serverRequests: methodsIn(read("ServerRequest")),
    notifications: methodsIn(read("ServerNotification")),
    errorInfo: variantsOf(definitions["CodexErrorInfo"]),
    types: Object.fromEntries(
      Object.entries(definitions)
        .map(([name, value]): [string, string] => [name, digestOf(value)])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  };
}

/** Of today's protocol; what is only in the older one stands beside it at the top. */
function definitionsOf(schema: Json): Json {
  const { v2, ...others } = schema["definitions"] as Json;
  return { ...others, ...(v2 as Json) };
}

function methodsIn({ oneOf }: Json): string[] {
  return (oneOf as Json[])
    .flatMap(({ properties }) => (((properties as Json)["method"] as Json)["enum"] as string[])[0] ?? [])
    .sort();
}

/** A word for each variant, or an object with the word as its only key. */
function variantsOf(schema: unknown): string[] {
  const { anyOf, oneOf } = schema as { anyOf?: Json[]; oneOf?: Json[] };
  return (anyOf ?? oneOf ?? [])
    .flatMap(({ enum: words, required }) => (words ?? required ?? []) as string[])
    .sort();
}

/** Tells two shapes of a type apart, whatever they say of themselves. */
function digestOf(value: unknown): string {
  const text = JSON.stringify(value, (key, each: unknown) => (key === "description" ? undefined : each));
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
