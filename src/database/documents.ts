import type { ChangeOptions, Statements } from "./database.ts";

export interface StoredDocument {
  readonly version: number;
  readonly body: string;
}

/** Null when there is none. */
export async function readDocument(
  database: Statements,
  kind: string,
  id: string,
): Promise<StoredDocument | null> {
  const [row] = await database.query(`select version, body from documents where kind = $1 and id = $2`, [
    kind,
    id,
  ]);
  return row ? { version: Number(row["version"]), body: String(row["body"]) } : null;
}

/** A document as it is to be; `version` is the one it replaces, 0 for one that must not exist yet. */
export interface Replacement {
  readonly kind: string;
  readonly id: string;
  readonly version: number;
  readonly body: string;
  readonly changedMs: number;
}

/** False when somebody else was first; then nothing was written. */
export async function replaceDocument(
  database: Statements,
  { kind, id, version, body, changedMs }: Replacement,
  options?: ChangeOptions,
): Promise<boolean> {
  const changed =
    version === 0
      ? await database.change(
          `insert into documents (kind, id, version, body, changed_ms) values ($1, $2, 1, $3, $4) on conflict do nothing`,
          [kind, id, body, changedMs],
          options,
        )
      : await database.change(
          `update documents set version = version + 1, body = $3, changed_ms = $4 where kind = $1 and id = $2 and version = $5`,
          [kind, id, body, changedMs, version],
          options,
        );
  return changed === 1;
}

export async function removeDocument(database: Statements, kind: string, id: string): Promise<void> {
  await database.change(`delete from documents where kind = $1 and id = $2`, [kind, id]);
}
