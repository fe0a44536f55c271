import { z } from "zod";
import type { Operation } from "./operation.ts";
import { operations } from "./operations.ts";

/** The management API as an OpenAPI document; the schemas are those that check the requests. */
export function openApiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const each of operations) {
    (paths[each.path] ??= {})[each.method.toLowerCase()] = operationDocument(each);
  }
  paths["/api/session"] = session;
  return {
    openapi: "3.1.0",
    info: { title: "codex-auth gateway: management", version },
    security: [{ adminKey: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        adminKey: { type: "http", scheme: "bearer", description: "an admin key" },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "codex_auth_<port>",
          description: "the page's cookie",
        },
      },
      schemas: { Error: schemaOf(errorSchema) },
      responses: {
        Error: { description: "refused", content: jsonOf({ $ref: "#/components/schemas/Error" }) },
      },
    },
  };
}

const errorSchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    code: z.string(),
    param: z.string().optional().describe("in dots: limits.0"),
    resets_at: z.int().optional(),
    resets_in_seconds: z.int().optional(),
  }),
});

const refused = { $ref: "#/components/responses/Error" };

function operationDocument({ does, path, query, body, answer, status }: Operation): object {
  const inPath = path.includes("{id}")
    ? [{ name: "id", in: "path", required: true, schema: { type: "string" }, description: "id or name" }]
    : [];
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    schema: schemaOf(schema as z.ZodType),
  }));
  const answered = answer === null ? {} : { content: jsonOf(schemaOf(answer)) };
  return {
    summary: does,
    parameters: [...inPath, ...inQuery],
    ...(body === null ? {} : { requestBody: { required: true, content: jsonOf(schemaOf(body)) } }),
    responses: { [status]: { description: "done", ...answered }, default: refused },
  };
}

const visitor = jsonOf(
  schemaOf(
    z.object({
      actor: z.string(),
      role: z.literal("admin"),
      expiresAt: z.iso.datetime().nullable().describe("null: asked with a key, without a session"),
    }),
  ),
);
const signIn = z.union([z.strictObject({ key: z.string() }), z.strictObject({ link: z.string() })]);

const session = {
  get: {
    summary: "Who asks.",
    responses: { 200: { description: "done", content: visitor }, default: refused },
  },
  post: {
    summary: "Signs in with an admin key, or once with the link of `gateway open`; the answer sets a cookie.",
    security: [],
    requestBody: { required: true, content: jsonOf(schemaOf(signIn)) },
    responses: { 201: { description: "done", content: visitor }, default: refused },
  },
  delete: { summary: "Signs out.", responses: { 204: { description: "done" }, default: refused } },
};

function jsonOf(schema: object): object {
  return { "application/json": { schema } };
}

function schemaOf(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input" });
  return rest;
}
