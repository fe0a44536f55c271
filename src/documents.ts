import { z } from "zod";
import { commands } from "./commands/index.ts";
import type { Documents, FailureDocument } from "./document-types.ts";

/** The document of a command that failed; every command may print it instead of its own. */
const failure = z.object({
  command: z.string(),
  schemaVersion: z.literal(1),
  ok: z.literal(false),
  error: z.object({
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    candidates: z.array(z.string()).optional(),
  }),
});

/** Of each command, the schema of its document, or of the one of its failure. */
export type DocumentSchemas = { [Name in keyof Documents]: z.ZodType<Documents[Name] | FailureDocument> };

/** The zod schema of every JSON document that the commands print, by command name. */
export async function documentSchemas(): Promise<DocumentSchemas> {
  const entries = commands.map(async ({ name, load }) => {
    const { schema } = await load();
    const envelope = { command: z.literal(name), schemaVersion: z.literal(1), ok: z.boolean() };
    const document = z.object({ ...envelope, ...schema(z).shape });
    return [name, z.union([document, failure])] as const;
  });
  // Each name has the schema of its own command; the compiler cannot see that through a list.
  return { ...plainSchemas(), ...Object.fromEntries(await Promise.all(entries)) } as DocumentSchemas;
}

/** Of what is no command of its own. */
function plainSchemas(): Record<string, z.ZodType> {
  const document = (command: string, fields: Record<string, z.ZodType>) =>
    z.union([
      z.object({
        command: z.literal(command),
        schemaVersion: z.literal(1),
        ok: z.literal(true),
        ...fields,
      }),
      failure,
    ]);
  return {
    help: document("help", { usage: z.string().describe("the text, as a person reads it") }),
    version: document("version", { version: z.string() }),
  };
}
