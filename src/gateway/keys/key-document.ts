import type { z } from "zod";
import { type KeyPolicy, type LimitRule, limitText, parseLimit } from "../../budget/policy.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { ClientKey } from "./client-keys.ts";

type Zod = typeof z;

export const keySchema = (z: Zod) =>
  z.object({
    id: z.string(),
    name: z.string(),
    prefix: z.string().describe("how the key begins: enough to know it again"),
    role: z.enum(["client", "admin"]),
    models: z.array(z.string()).nullable().describe("null: all"),
    accounts: z.array(z.string()).nullable().describe("ids of accounts; null: all"),
    limits: z.array(z.string()).describe("as --limit takes them: requests=100/day"),
    parallel: z.int().nullable().describe("requests at the same time; null: as many as it likes"),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    revokedAt: z.iso.datetime().nullable(),
    secret: z.string().optional().describe("the key itself, once: when it was made or rotated"),
  });

/** A key as commands and the management API show it. Its secret is in it only when it was made a moment ago. */
export type KeyDocument = z.infer<ReturnType<typeof keySchema>>;

export function keyDocument(key: ClientKey, secret?: string): KeyDocument {
  const { policy } = key;
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    role: key.role,
    models: policy.models ? [...policy.models] : null,
    accounts: policy.accounts ? [...policy.accounts] : null,
    limits: policy.limits.map(limitText),
    parallel: policy.parallel ?? null,
    createdAt: iso(key.createdMs),
    expiresAt: key.expiresMs === null ? null : iso(key.expiresMs),
    revokedAt: key.revokedMs === null ? null : iso(key.revokedMs),
    ...(secret === undefined ? {} : { secret }),
  };
}

export const nameRule =
  "A name has 1 to 64 letters, digits, spaces or any of . _ @ - and no space at its beginning or end";

/** A name stands in commands and in paths, where `.` and `..` mean another thing. */
export function isKeyName(text: string): boolean {
  return /^[\w.@ -]{1,64}$/.test(text) && !/^[ -]| $|^\.\.?$/.test(text);
}

/** Throws `usage`. */
export function checkedName(name: string): string {
  if (isKeyName(name)) return name;
  throw new CodexAuthError("usage", `A key cannot be called ${JSON.stringify(name)}.`, {
    hint: nameRule,
  });
}

/** What makes a policy; absent fields allow everything. Throws `limit_invalid`. */
export interface PolicyWish {
  readonly models?: readonly string[] | null | undefined;
  readonly accounts?: readonly string[] | null | undefined;
  readonly limits?: readonly string[] | undefined;
  readonly parallel?: number | null | undefined;
}

export function policyOf({ models, accounts, limits = [], parallel }: PolicyWish): KeyPolicy {
  const rules: readonly LimitRule[] = limits.map(parseLimit);
  return {
    ...(models && models.length > 0 ? { models } : {}),
    ...(accounts && accounts.length > 0 ? { accounts } : {}),
    ...(parallel ? { parallel } : {}),
    limits: rules,
  };
}

/** The policy of a key that is changed: what is absent stays, an empty list or null takes a restriction away. */
export function editedPolicy(before: KeyPolicy, wish: PolicyWish): KeyPolicy {
  const { models = before.models, accounts = before.accounts, parallel = before.parallel, limits } = wish;
  const made = policyOf({ models, accounts, parallel, limits });
  return limits === undefined ? { ...made, limits: before.limits } : made;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
