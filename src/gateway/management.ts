import { z } from "zod";
import { checkLimits } from "../budget/policy.ts";
import type { Database } from "../database/database.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import {
  createKey,
  editKey,
  findKey,
  listKeys,
  revokeKey,
  rotateKey,
  type ClientKey,
} from "./client-keys.ts";
import { keyDocument, policyOf } from "./key-document.ts";
import type { Refusal } from "./refusal.ts";

/** The answer to a request of the management API. */
export type Managed =
  | { readonly kind: "answer"; readonly status: 200 | 201 | 204; readonly document: object | null }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export interface ManagementRequest {
  readonly route: { readonly kind: "keys" } | { readonly kind: "key" | "rotate"; readonly id: string };
  readonly method: string;
  /** Null for a request without a body. */
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly admin: ClientKey;
}

const name = z
  .string()
  .regex(/^[\w.@ -]{1,64}$/, "A name has 1 to 64 letters, digits, spaces or any of . _ @ -");
const names = z.array(z.string().min(1)).nullable().optional();
const limits = z.array(z.string()).optional();
const parallel = z.int().min(1).max(10_000).nullable().optional();
const expires = z.iso.datetime({ offset: true }).nullable().optional();
const policy = { models: names, accounts: names, limits, parallel, expires_at: expires };
const creation = z.strictObject({ name, role: z.enum(["client", "admin"]).default("client"), ...policy });
const change = z.strictObject({ name: name.optional(), ...policy });

/** What is wrong with a document, before anybody asks whose it is; null for a good one. */
export function documentProblem({ route, method, body }: Omit<ManagementRequest, "admin">): Refusal | null {
  if (method === "POST" && route.kind === "keys" && body?.["name"] === undefined) {
    return { kind: "bad-request", issue: { path: ["name"], message: "Missing required parameter: 'name'." } };
  }
  try {
    const wish =
      method === "PATCH"
        ? change.parse(body ?? {})
        : method === "POST" && route.kind === "keys"
          ? creation.parse(body)
          : {};
    checkLimits(policyOf(wish).limits);
    return null;
  } catch (error) {
    return refusalOf(error);
  }
}

/** Keys, for who holds an admin key. A document that is not understood is refused whole: 400 what is missing, 422 the rest. */
export async function manage(database: Database, request: ManagementRequest): Promise<Managed> {
  try {
    return await answer(database, request);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    return { kind: "refused", refusal };
  }
}

async function answer(
  database: Database,
  { route, method, body, admin }: ManagementRequest,
): Promise<Managed> {
  if (route.kind === "keys") {
    if (method === "GET")
      return ok({ object: "list", data: (await listKeys(database)).map((key) => keyDocument(key)) });
    return await create(database, body ?? {}, admin);
  }
  const key = await findKey(database, route.id);
  if (route.kind === "rotate") {
    const made = await rotateKey(database, key, admin.id);
    return { kind: "answer", status: 201, document: keyDocument(made.key, made.secret) };
  }
  if (method === "GET") return ok(keyDocument(key));
  if (method === "DELETE") {
    await revokeKey(database, key, admin.id);
    return { kind: "answer", status: 204, document: null };
  }
  const wish = change.parse(body ?? {});
  const merged = {
    models: wish.models === undefined ? key.policy.models : wish.models,
    accounts: wish.accounts === undefined ? key.policy.accounts : wish.accounts,
    parallel: wish.parallel === undefined ? key.policy.parallel : wish.parallel,
    limits: wish.limits,
  };
  const made = policyOf(merged);
  const next = wish.limits === undefined ? { ...made, limits: key.policy.limits } : made;
  const edited = await editKey(
    database,
    key,
    {
      policy: next,
      ...(wish.name === undefined ? {} : { name: wish.name }),
      ...(wish.expires_at === undefined ? {} : { expiresMs: timeOf(wish.expires_at) }),
    },
    admin.id,
  );
  return ok(keyDocument(edited));
}

async function create(
  database: Database,
  body: Readonly<Record<string, unknown>>,
  admin: ClientKey,
): Promise<Managed> {
  const wish = creation.parse(body);
  const made = policyOf(wish);
  const expiresMs = timeOf(wish.expires_at ?? null);
  const { key, secret } = await createKey(
    database,
    { name: wish.name, role: wish.role, policy: made, expiresMs },
    admin.id,
  );
  return { kind: "answer", status: 201, document: keyDocument(key, secret) };
}

function ok(document: object): Managed {
  return { kind: "answer", status: 200, document };
}

function timeOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}

/** Null for what is no fault of the request. */
function refusalOf(error: unknown): Refusal | null {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    const path =
      issue?.code === "unrecognized_keys" ? [...issue.path, ...issue.keys.slice(0, 1)] : (issue?.path ?? []);
    return { kind: "invalid", issue: { path, message: issue?.message ?? "The request is not valid." } };
  }
  if (!(error instanceof CodexAuthError)) return null;
  if (error.code === "key_not_found") return { kind: "not-found" };
  if (error.code === "limit_invalid")
    return { kind: "invalid", issue: { path: ["limits"], message: error.message } };
  if (error.code === "key_name_taken")
    return { kind: "invalid", issue: { path: ["name"], message: error.message } };
  if (error.code === "key_revoked") return { kind: "invalid", issue: { path: [], message: error.message } };
  return error.code === "database_unavailable" ? { kind: "database-away" } : null;
}
