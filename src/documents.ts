import { z } from "zod";
import { commands } from "./commands/index.ts";
import type { Documents, FailureDocument } from "./document-types.ts";
import { type CommandErrorCode, commandErrors } from "./errors/command-errors.ts";

const codes = Object.keys(commandErrors) as [CommandErrorCode, ...CommandErrorCode[]];

/** One definition for all, which each schema carries and refers to. Nearly every command opens the store, and with it most of what can fail. */
const errorCode = z.enum(codes).meta({
  id: "ErrorCode",
  description: "every code of a command; permanent; what each means is in docs/errors.md",
});

/** The document of a command that failed; it may print this instead of its own. */
const failureOf = (command: string) =>
  z.object({
    command: z.literal(command),
    schemaVersion: z.literal(1),
    ok: z.literal(false),
    error: z.object({
      code: errorCode,
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
    return [name, z.union([document, failureOf(name)])] as const;
  });
  // Each name has the schema of its own command; the compiler cannot see that through a list.
  return { ...plainSchemas(), ...Object.fromEntries(await Promise.all(entries)) } as DocumentSchemas;
}

/** Of what is no command of its own: a word that is none fails in the name of the whole program. */
function plainSchemas(): Record<string, z.ZodType> {
  const document = (command: string, fields: Record<string, z.ZodType>) =>
    z.union([
      z.object({
        command: z.literal(command),
        schemaVersion: z.literal(1),
        ok: z.literal(true),
        ...fields,
      }),
      failureOf("auth"),
    ]);
  return {
    help: document("help", { usage: z.string().describe("the text, as a person reads it") }),
    version: document("version", { version: z.string() }),
  };
}
