import { setTimeout as rest } from "node:timers/promises";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { ChangeOptions, Database, Row, Statements, Value } from "./database.ts";

/** What Node's own SQLite and the `libsql` package have in common. */
export interface SqliteConnection {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

interface SqliteStatement {
  all(...values: Value[]): unknown[];
  run(...values: Value[]): { changes: number | bigint };
}

export interface SqliteOptions {
  readonly path: string;
  readonly connect: (path: string) => SqliteConnection;
  /** Tells one file from another at the same path; null where there is none. */
  readonly fileId: (path: string) => string | null;
  readonly now: () => number;
}

/** How long a writer waits for another process; the thread waits with it, so not for long at a time. */
const busyMs = 200;
const busyTries = 25;

/** A SQLite file in WAL mode: readers never wait, writers wait for each other, and a kill loses nothing. */
export async function openSqlite({ path, connect, fileId, now }: SqliteOptions): Promise<Database> {
  const connection = await patiently(path, () => connected(connect(path)));
  const isGone = becomesOther(() => fileId(path));
  // One transaction at a time in this process; what is asked beside it waits, or it would become part of it.
  let turn: Promise<unknown> | null = null;
  const inTurn = <T>(work: () => T | Promise<T>): Promise<T> =>
    turn === null ? patiently(path, work) : turn.then(() => inTurn(work));
  const run = <T>(work: () => T | Promise<T>): Promise<T> =>
    isGone() ? Promise.reject(removed(path)) : inTurn(work);
  return {
    place: path,
    now,
    freshNow: async () => now(),
    isAway: isGone,
    server: null,
    query: (sql, values) => run(() => connection.query(sql, values)),
    change: (sql, values, options) => run(() => connection.alone(sql, values, options)),
    transact: (work, options) =>
      run(() => {
        const result = connection.transact(work, options);
        turn = finished(result).finally(() => (turn = null));
        return result;
      }),
    // Else SQLite would remove the log beside the path, which is another file's then.
    close: () => (isGone() ? Promise.resolve() : inTurn(() => connection.close())),
  };
}

const lookEveryMs = 100;

/**
 * Whether the file was removed or replaced since; from then on for good, because SQLite goes on in the one that it has
 * open, and in a log beside the path that may be another's by now. Looked at ten times a second at most.
 */
function becomesOther(id: () => string | null): () => boolean {
  const first = id();
  let lookedAtMs = performance.now();
  let isOther = false;
  return () => {
    const atMs = performance.now();
    if (isOther || atMs - lookedAtMs < lookEveryMs) return isOther;
    lookedAtMs = atMs;
    return (isOther = look() !== first);
  };

  /** What cannot be seen now is no other file. */
  function look(): string | null {
    try {
      return id();
    } catch {
      return first;
    }
  }
}

function connected(sqlite: SqliteConnection): Connection {
  try {
    return new Connection(sqlite);
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

async function finished(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}

class Connection {
  readonly #sqlite: SqliteConnection;
  readonly #prepared = new Map<string, SqliteStatement>();
  #isDurable = false;

  constructor(sqlite: SqliteConnection) {
    this.#sqlite = sqlite;
    sqlite.exec(`pragma busy_timeout = ${busyMs}`);
    sqlite.exec("pragma journal_mode = wal");
    sqlite.exec("pragma synchronous = normal");
  }

  query(sql: string, values: readonly Value[] = []): readonly Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  change(sql: string, values: readonly Value[] = []): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /** A change that is a transaction of its own. */
  alone(sql: string, values?: readonly Value[], options?: ChangeOptions): number {
    this.#setDurable(options);
    return this.change(sql, values);
  }

  async transact<T>(work: (statements: Statements) => Promise<T>, options?: ChangeOptions): Promise<T> {
    this.#setDurable(options);
    this.#sqlite.exec("begin immediate");
    try {
      const result = await work({
        query: async (sql, values) => this.query(sql, values),
        change: async (sql, values) => this.change(sql, values),
      });
      this.#sqlite.exec("commit");
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** Where the disk is full SQLite has done it by itself, and says so; what is to be told is why. */
  #rollBack(): void {
    try {
      this.#sqlite.exec("rollback");
    } catch {
      // Nothing is open any more.
    }
  }

  close(): void {
    this.#sqlite.close();
  }

  /** A durable change is synced to the disk, and with it all that came before. */
  #setDurable({ isDurable = false }: ChangeOptions = {}): void {
    if (isDurable === this.#isDurable) return;
    this.#sqlite.exec(`pragma synchronous = ${isDurable ? "full" : "normal"}`);
    this.#isDurable = isDurable;
  }

  #prepare(sql: string): SqliteStatement {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const statement = this.#sqlite.prepare(sql.replaceAll(/\$(\d+)/g, "?$1"));
    this.#prepared.set(sql, statement);
    return statement;
  }
}

/** Again while another process writes, with a rest that leaves this one responsive. */
async function patiently<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (isBusy(error) && tries < busyTries) await rest(5 + Math.random() * 20);
      else throw isOurs(error) ? error : unavailable(path, error);
    }
  }
}

function isBusy(error: unknown): boolean {
  return /database (?:table )?is locked|SQLITE_BUSY/i.test(messageOf(error));
}

/** Errors of the statement itself, which no waiting mends: the caller wants to see them as they are. */
function isOurs(error: unknown): boolean {
  if (error instanceof CodexAuthError) return true;
  return /constraint|no such table|no such column|syntax error/i.test(messageOf(error));
}

function unavailable(path: string, cause: unknown): CodexAuthError {
  return new CodexAuthError(
    "database_unavailable",
    `The database ${path} cannot be used: ${messageOf(cause)}.`,
    {
      hint: isDamaged(cause)
        ? forDamaged
        : "Check that the file can be read and written, and that the disk has room.",
      cause,
    },
  );
}

function removed(path: string): CodexAuthError {
  const message = `The database ${path} was removed or replaced while it was in use.`;
  return new CodexAuthError("database_unavailable", message, {
    hint: "Start the gateway again, with the file that is there then, or a new one: codex auth gateway stop",
  });
}

const forDamaged =
  "The file is damaged. Put a good copy in its place; or move it away, and a new one is made: then make its keys again.";

function isDamaged(error: unknown): boolean {
  return /not a database|malformed/i.test(messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
