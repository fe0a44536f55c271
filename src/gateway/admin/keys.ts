import { z } from "zod";
import { checkLimits, parseLimit } from "../../budget/policy.ts";
import { keyUsage, keyUsageSchema } from "../answers/usage-answer.ts";
import {
  type ClientKey,
  createKey,
  findKey,
  listKeys,
  resetKey,
  revokeKey,
  rotateKey,
} from "../keys/client-keys.ts";
import { editKey, type KeyChange } from "../keys/edit-key.ts";
import { editedPolicy, isKeyName, keyDocument, keySchema, nameRule, policyOf } from "../keys/key-document.ts";
import { standings } from "../limits/limit-headers.ts";
import { type AdminContext, listOf, operation } from "./operation.ts";

const name = z
  .string()
  .refine((text) => !text.startsWith("-"), "A name does not begin with -")
  .refine(isKeyName, nameRule);
const names = z.array(z.string().min(1)).min(1).nullable().optional().describe("null: all");
/** What a check throws is what is wrong. */
const passes =
  <T>(check: (value: T) => unknown) =>
  (value: T, context: z.RefinementCtx) => {
    try {
      check(value);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
    }
  };
const limits = z
  .array(z.string().superRefine(passes(parseLimit)))
  .superRefine(passes((texts: readonly string[]) => checkLimits(texts.map(parseLimit))))
  .optional()
  .describe("as --limit takes them: requests=100/day");
const policy = {
  models: names,
  accounts: names.describe("ids of accounts; null: all"),
  limits,
  parallel: z.int().min(1).max(10_000).nullable().optional().describe("requests at the same time"),
  expiresAt: z.iso.datetime({ offset: true }).nullable().optional(),
};
const creation = z.strictObject({ name, role: z.enum(["client", "admin"]).default("client"), ...policy });
const change = z.strictObject({ name: name.optional(), ...policy });

const key = keySchema(z);
const one = "/api/keys/{id}";

export const keyOperations = {
  list: operation({
    method: "GET",
    path: "/api/keys",
    does: "All keys, without their secrets.",
    answer: listOf(key),
    run: async ({ parts }) => ({
      object: "list",
      data: (await listKeys(parts.database)).map((each) => keyDocument(each)),
    }),
  }),
  create: operation({
    method: "POST",
    path: "/api/keys",
    does: "Makes a key. Its secret is in this answer and nowhere else.",
    status: 201,
    body: creation,
    answer: key,
    run: async ({ parts, actor }, { body }) => {
      const { name: wanted, role, expiresAt = null } = body;
      const wish = { name: wanted, role, policy: policyOf(body), expiresMs: timeOf(expiresAt) };
      const made = await createKey(parts.database, wish, actor);
      return keyDocument(made.key, made.secret);
    },
  }),
  show: operation({
    method: "GET",
    path: one,
    does: "One key, by id or name.",
    answer: key,
    run: async ({ parts }, { id }) => keyDocument(await findKey(parts.database, id)),
  }),
  edit: operation({
    method: "PATCH",
    path: one,
    does: "Changes what is named; the rest stays, and so does what was used.",
    body: change,
    answer: key,
    run: async ({ parts, actor }, { id, body }) => keyDocument(await edited(parts, id, body, actor)),
  }),
  revoke: operation({
    method: "DELETE",
    path: one,
    does: "Revokes a key: it opens nothing any more. It stays in the list.",
    status: 204,
    query: z.strictObject({
      now: z.enum(["true", "false"]).optional().describe("true: what runs for it ends, too"),
    }),
    answer: null,
    run: async ({ parts, actor }, { id, query }) => {
      await revokeKey(parts.database, await findKey(parts.database, id), actor, {
        isNow: query.now === "true",
      });
      return null;
    },
  }),
  rotate: operation({
    method: "POST",
    path: `${one}/rotate`,
    does: "Gives a key a new secret; the old one opens nothing any more.",
    status: 201,
    answer: key,
    run: async ({ parts, actor }, { id }) => {
      const made = await rotateKey(parts.database, await findKey(parts.database, id), actor);
      return keyDocument(made.key, made.secret);
    },
  }),
  usage: operation({
    method: "GET",
    path: `${one}/usage`,
    does: "What a key has used, and what is left of its limits.",
    answer: keyUsageSchema(z),
    run: (context, { id }) => usageOf(context, id),
  }),
  reset: operation({
    method: "POST",
    path: `${one}/reset`,
    does: "Begins the limits of a key again with nothing used.",
    answer: keyUsageSchema(z),
    run: async (context, { id }) => {
      const { parts, actor } = context;
      await resetKey(parts, await findKey(parts.database, id), actor);
      return await usageOf(context, id);
    },
  }),
};

async function usageOf({ parts }: AdminContext, id: string): Promise<object> {
  const { database, books } = parts;
  const found = await findKey(database, id);
  return await keyUsage(database, found, standings(found.policy, await books.read(found.id), database.now()));
}

async function edited(
  parts: AdminContext["parts"],
  id: string,
  wish: z.output<typeof change>,
  actor: string,
) {
  const change = ({ policy: before }: ClientKey): KeyChange => ({
    policy: editedPolicy(before, wish),
    ...(wish.name === undefined ? {} : { name: wish.name }),
    ...(wish.expiresAt === undefined ? {} : { expiresMs: timeOf(wish.expiresAt) }),
  });
  // What was served a moment ago counts for a limit that is new.
  await parts.log.flush();
  return await editKey(parts.database, await findKey(parts.database, id), change, actor);
}

function timeOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}
