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
  /** Where it is, for people: a path, or host and name. Never a password. */
  readonly place: string;
  close(): Promise<void>;
}
