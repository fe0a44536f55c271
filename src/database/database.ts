/** A column is text, a whole number or null: nothing else is stored. */
export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

export interface ChangeOptions {
  /** On the disk before it counts. Without it a power loss may undo the last moments; a kill never does. */
  readonly isDurable?: boolean;
}

/** What may be asked inside one transaction. */
export interface Statements {
  /** `$1`, `$2` … stand for the values, in one dialect for every back end. */
  query(sql: string, values?: readonly Value[]): Promise<readonly Row[]>;
  /** Resolves to the number of rows that were changed. */
  change(sql: string, values?: readonly Value[], options?: ChangeOptions): Promise<number>;
}

/**
 * A database with the schema of the gateway: SQLite in a file, or PostgreSQL. Every method throws `database_unavailable`
 * when the database cannot be reached or is locked for too long; then nothing was changed, or nobody can know.
 */
export interface Database extends Statements {
  /** All or nothing. On SQLite nobody else writes meanwhile; `work` must not wait for anything but its statements. */
  transact<T>(work: (statements: Statements) => Promise<T>, options?: ChangeOptions): Promise<T>;
  /** Milliseconds since 1970 by the clock that all who share this database share. */
  now(): number;
  /** The same, asked anew: nobody's clock was moved since. */
  freshNow(): Promise<number>;
  /** It could not be reached a moment ago, and nobody has reached it since: whatever is asked now fails at once. */
  isAway(): boolean;
  /** What is known of the server behind it; null for a file of this machine. */
  readonly server: DatabaseServer | null;
  /** Where it is, for people: a path, or host and name. Never a password. */
  readonly place: string;
  close(): Promise<void>;
}

/** What PostgreSQL can do and a file cannot. */
export interface DatabaseServer {
  /** Tells this database from every copy of it, as a restored backup is one. */
  identity(): Promise<string>;
  /** Said inside a transaction: whoever listens hears it when that is done. */
  tell(statements: Statements): Promise<void>;
  /** Calls back when somebody told something, also when that may have been missed. Returns what ends it. */
  listen(onTold: () => void): () => void;
}

interface StoredDocument {
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

/** All of a kind. */
export async function readDocuments(
  database: Statements,
  kind: string,
): Promise<(StoredDocument & { readonly id: string })[]> {
  const rows = await database.query(`select id, version, body from documents where kind = $1`, [kind]);
  return rows.map((row) => ({
    id: String(row["id"]),
    version: Number(row["version"]),
    body: String(row["body"]),
  }));
}

/** A document as it is to be; `version` is the one it replaces, 0 for one that must not exist yet. */
interface Replacement {
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
