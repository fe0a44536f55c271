import type { KeyPolicy } from "../../budget/policy.ts";
import { resetUsage } from "../../budget/usage-state.ts";
import { type Database, replaceDocument, type Row, type Statements } from "../../database/database.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { randomHex } from "../../machine/hash.ts";
import { type Actor, addAudit, type AuditEntry } from "../admin/audit.ts";
import type { UsageBooks } from "../limits/usage-books.ts";
import { checkRole } from "./check-role.ts";
import { hashOfSecret, newSecret, shownPart } from "./key-secret.ts";
import { endedKind } from "./running-keys.ts";

/** `client` keys ask models, `admin` keys manage the gateway; neither does the other's work. */
export type KeyRole = "client" | "admin";

/** A key of the gateway, without its secret. Times are milliseconds since 1970. */
export interface ClientKey {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly role: KeyRole;
  readonly policy: KeyPolicy;
  readonly createdMs: number;
  readonly expiresMs: number | null;
  readonly revokedMs: number | null;
}

export interface NewKey {
  readonly name: string;
  readonly role: KeyRole;
  readonly policy: KeyPolicy;
  readonly expiresMs: number | null;
}

/** A key with its secret, which is shown once and stored nowhere. */
export interface MadeKey {
  readonly key: ClientKey;
  readonly secret: string;
}

/** Why a key opens nothing now; null for one that does. */
export function whyClosed({ revokedMs, expiresMs }: ClientKey, nowMs: number): "revoked" | "expired" | null {
  if (revokedMs !== null) return "revoked";
  return expiresMs !== null && expiresMs <= nowMs ? "expired" : null;
}

/** Throws `key_name_taken` and `limit_invalid`. */
export async function createKey(database: Database, wanted: NewKey, actor: Actor): Promise<MadeKey> {
  checkRole(wanted);
  const secret = newSecret();
  const id = `key_${randomHex(8)}`;
  const key: ClientKey = {
    ...wanted,
    id,
    prefix: shownPart(secret),
    createdMs: database.now(),
    revokedMs: null,
  };
  await changeKeys(
    database,
    { actor, action: "key.create", target: id, detail: wanted.name },
    async (statements) => {
      await requireFreeName(statements, wanted.name, id);
      await statements.change(
        `insert into api_keys (id, name, hash, prefix, role, policy, created_ms, expires_ms) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          id,
          key.name,
          hashOfSecret(secret),
          key.prefix,
          key.role,
          JSON.stringify(key.policy),
          key.createdMs,
          key.expiresMs,
        ],
      );
    },
  );
  return { key, secret };
}

export async function listKeys(database: Statements): Promise<readonly ClientKey[]> {
  return (await database.query(`select * from api_keys order by created_ms, name`)).map(keyOf);
}

/** By id or name. Throws `key_not_found` with the names that there are. */
export async function findKey(database: Statements, wanted: string): Promise<ClientKey> {
  const keys = await listKeys(database);
  // A name may look like the id of another key.
  const key = keys.find(({ id }) => id === wanted) ?? keys.find(({ name }) => name === wanted);
  if (key) return key;
  const names = keys.map(({ name }) => name).join(", ");
  throw new CodexAuthError("key_not_found", `There is no key ${wanted}.`, {
    hint:
      names === ""
        ? "There is no key yet. Run: codex auth gateway key create <name>"
        : `The keys are: ${names}`,
  });
}

/** The key with this secret, whatever became of it; null for a secret that nobody made. */
export async function keyOfSecret(database: Statements, secret: string): Promise<ClientKey | null> {
  const [row] = await database.query(`select * from api_keys where hash = $1`, [hashOfSecret(secret)]);
  return row ? keyOf(row) : null;
}

/** Null where there is none. */
export async function keyWithId(database: Statements, id: string): Promise<ClientKey | null> {
  const [row] = await database.query(`select * from api_keys where id = $1`, [id]);
  return row ? keyOf(row) : null;
}

/** The key opens nothing any more; with `isNow` what runs for it ends, too. It stays in the list, because requests name it. */
export async function revokeKey(
  database: Database,
  key: ClientKey,
  actor: Actor,
  { isNow = false } = {},
): Promise<ClientKey> {
  if (key.revokedMs !== null && !isNow) return key;
  const revokedMs = key.revokedMs ?? database.now();
  await changeKeys(
    database,
    { actor, action: "key.revoke", target: key.id, detail: key.name },
    async (statements) => {
      const sql = `update api_keys set revoked_ms = $2 where id = $1 and revoked_ms is null`;
      await statements.change(sql, [key.id, revokedMs]);
      const ended = { kind: endedKind, id: key.id, version: 0, body: "", changedMs: revokedMs };
      if (isNow) await replaceDocument(statements, ended);
    },
  );
  return { ...key, revokedMs };
}

/** The same key with a new secret; the old one opens nothing from now on. A revoked key cannot be rotated. */
export async function rotateKey(database: Database, key: ClientKey, actor: Actor): Promise<MadeKey> {
  const secret = newSecret();
  const prefix = shownPart(secret);
  const hash = hashOfSecret(secret);
  await changeKeys(
    database,
    { actor, action: "key.rotate", target: key.id, detail: key.name },
    async (statements) => {
      const changed = await statements.change(
        `update api_keys set hash = $2, prefix = $3 where id = $1 and revoked_ms is null`,
        [key.id, hash, prefix],
      );
      if (changed === 0) throw revoked(key);
    },
  );
  return { key: { ...key, prefix }, secret };
}

/** All of them, each under the hash of its secret. */
export async function keysByHash(database: Statements): Promise<Map<string, ClientKey>> {
  const rows = await database.query(`select * from api_keys`);
  return new Map(rows.map((row) => [String(row["hash"]), keyOf(row)]));
}

/** Grows with every change of a key: whoever keeps keys in memory asks for it. */
export async function keysRevision(database: Statements): Promise<number> {
  const [row] = await database.query(`select value from store_info where name = 'keys'`);
  return Number(row?.["value"] ?? 0);
}

/** A change, its line in the audit and the new revision: all on the disk, or nothing. False where it was not made. */
export async function changeKeys(
  database: Database,
  entry: AuditEntry,
  change: (statements: Statements) => Promise<unknown>,
): Promise<boolean> {
  const atMs = database.now();
  return await database.transact(
    async (statements) => {
      // First: until this ends, nobody else changes a key, so that what is read here stays true.
      await statements.change(
        `insert into store_info (name, value) values ('keys', '1')
         on conflict (name) do update set value = cast(cast(store_info.value as bigint) + 1 as text)`,
      );
      if ((await change(statements)) === false) return false;
      await addAudit(statements, entry, atMs);
      return true;
    },
    { isDurable: true },
  );
}

export async function requireFreeName(statements: Statements, name: string, id: string): Promise<void> {
  const [taken] = await statements.query(`select * from api_keys where name = $1 and id <> $2`, [name, id]);
  if (!taken) return;
  throw new CodexAuthError("key_name_taken", `There is a key ${name} already.`, {
    hint:
      taken["revoked_ms"] === null
        ? "Choose another name, or give that key a new secret: codex auth gateway key rotate <name>"
        : "Choose another name: a revoked key keeps its own, because requests name it.",
  });
}

function revoked({ name }: ClientKey): CodexAuthError {
  return new CodexAuthError("key_revoked", `The key ${name} was revoked.`, {
    hint: "Make a new one, with another name: codex auth gateway key create <name>",
  });
}

function keyOf(row: Row): ClientKey {
  return {
    id: String(row["id"]),
    name: String(row["name"]),
    prefix: String(row["prefix"]),
    role: row["role"] === "admin" ? "admin" : "client",
    policy: policyOf(String(row["policy"])),
    createdMs: Number(row["created_ms"]),
    expiresMs: timeOf(row["expires_ms"]),
    revokedMs: timeOf(row["revoked_ms"]),
  };
}

function policyOf(text: string): KeyPolicy {
  return JSON.parse(text) as KeyPolicy;
}

function timeOf(value: Row[string] | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** Begins the limits of a key again; what runs now is charged when it ends. */
export async function resetKey(
  { database, books }: { readonly database: Database; readonly books: UsageBooks },
  { id, name }: ClientKey,
  actor: Actor,
): Promise<void> {
  await books.change(id, resetUsage);
  await addAudit(database, { actor, action: "key.reset", target: id, detail: name }, database.now());
}
