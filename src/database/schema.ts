import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Database } from "./database.ts";

/** Counts the schemas that were published. A newer one is refused, an older one is brought up to date, never back. */
export const schemaVersion = 1;

/** One dialect for SQLite and PostgreSQL: BIGINT for milliseconds and counts, TEXT for the rest, 0 and 1 for truth. */
const tables = [
  `create table if not exists store_info (name text primary key, value text not null)`,
  `create table if not exists documents (
    kind text not null, id text not null, version bigint not null, body text not null, changed_ms bigint not null,
    primary key (kind, id))`,
  `create table if not exists api_keys (
    id text primary key, name text not null unique, hash text not null unique, prefix text not null,
    role text not null check (role in ('client', 'admin')), policy text not null,
    created_ms bigint not null, expires_ms bigint, revoked_ms bigint)`,
  `create table if not exists requests (
    id text primary key, at_ms bigint not null, key_id text not null, account_id text, model text, route text not null,
    status bigint not null, code text, input_tokens bigint not null, cached_tokens bigint not null,
    output_tokens bigint not null, cost_micros bigint not null, price text, first_ms bigint, total_ms bigint not null,
    attempts bigint not null, replica text not null)`,
  `create index if not exists requests_by_time on requests (at_ms)`,
  `create index if not exists requests_by_key on requests (key_id, at_ms)`,
  `create table if not exists usage_spans (
    span text not null, from_ms bigint not null, key_id text not null, account_id text not null, model text not null,
    outcome text not null, requests bigint not null, input_tokens bigint not null, cached_tokens bigint not null,
    output_tokens bigint not null, reasoning_tokens bigint not null, cost_micros bigint not null, latency_ms bigint not null,
    primary key (span, from_ms, key_id, account_id, model, outcome))`,
  `create table if not exists audit (
    id text primary key, at_ms bigint not null, actor text not null, action text not null, target text not null,
    detail text not null)`,
  `create index if not exists audit_by_time on audit (at_ms)`,
  `create table if not exists replicas (
    id text primary key, address text not null, started_ms bigint not null, seen_ms bigint not null, body text not null)`,
  `create table if not exists homes (conversation text primary key, account_id text not null, seen_ms bigint not null)`,
];

/** What the rows of `store_info` say of a schema; null where they say nothing. */
export function storedSchema(
  rows: readonly (readonly unknown[])[],
): { readonly version: number; readonly known: number; readonly isTooNew: boolean } | null {
  const row = rows.find(([name]) => name === "schema");
  const version = Number(row?.[1] ?? Number.NaN);
  return Number.isNaN(version) ? null : { version, known: schemaVersion, isTooNew: version > schemaVersion };
}

const tries = 5;

/** Makes the tables where they are missing. Throws `database_too_new` for a schema of a later codex-auth. */
export async function prepareSchema(database: Database): Promise<void> {
  for (let attempt = 1; (await storedVersion(database)) === null; attempt += 1) {
    try {
      await makeTables(database);
    } catch (error) {
      // Two that begin at once: PostgreSQL lets "if not exists" fail for one of them.
      if (attempt === tries) throw error;
    }
  }
}

async function makeTables(database: Database): Promise<void> {
  await database.transact(
    async (statements) => {
      for (const table of tables) await statements.change(table);
      const version = `insert into store_info (name, value) values ('schema', $1) on conflict (name) do nothing`;
      await statements.change(version, [String(schemaVersion)]);
    },
    { isDurable: true },
  );
}

/** Null when there is no schema yet. Throws `database_too_new`. */
export async function storedVersion(database: Database): Promise<number | null> {
  const rows = await database.query(`select value from store_info where name = 'schema'`).catch(absentTable);
  const version = Number(rows[0]?.["value"] ?? Number.NaN);
  if (Number.isNaN(version)) return null;
  if (version <= schemaVersion) return version;
  throw new CodexAuthError(
    "database_too_new",
    `The database ${database.place} was made by a newer codex-auth (schema ${version}, this one knows ${schemaVersion}).`,
    { hint: "Update codex-auth on this machine. Nothing was changed." },
  );
}

function absentTable(error: unknown): [] {
  if (/no such table|does not exist/.test((error as Error).message)) return [];
  throw error;
}
