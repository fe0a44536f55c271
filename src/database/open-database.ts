import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Database } from "./database.ts";
import { openPostgres, type PostgresDriver, withClientSettings } from "./postgres.ts";
import { prepareSchema } from "./schema.ts";
import { openSqlite, type SqliteConnection } from "./sqlite.ts";

/** The programs that a database needs; each is loaded only when it is used, and null where it is not there. */
export interface DatabaseDrivers {
  /** Node's own SQLite: 22.15 and later. */
  nodeSqlite(): ((path: string) => SqliteConnection) | null;
  /** The package `libsql`, for Node 20. */
  libsql(): Promise<((path: string) => SqliteConnection) | null>;
  /** The package `pg`. */
  pg(): Promise<PostgresDriver | null>;
}

export interface OpenDatabaseOptions {
  /** A path, or an address that begins with `postgres://` or `postgresql://`. */
  readonly address: string;
  readonly drivers: DatabaseDrivers;
  readonly now: () => number;
  /** Where PostgreSQL's own variables are looked up: PGSSLMODE, PGSSLROOTCERT and so on. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Makes the empty file, for its owner only, before anything is written into it. */
  readonly makeFile: (path: string) => void;
  /** Tells one file from another at the same path; null where there is none. */
  readonly fileId: (path: string) => string | null;
  /** False: what is missing is not made. */
  readonly makesTables?: boolean;
}

/**
 * Opens a database and makes its tables where they are missing. Throws `database_driver_missing`,
 * `database_unavailable` or `database_too_new`.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const database = isPostgres(options.address) ? await postgres(options) : await sqlite(options);
  try {
    if (options.makesTables !== false) await prepareSchema(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

function isPostgres(address: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(address);
}

async function sqlite({
  address: path,
  drivers,
  now,
  makeFile,
  fileId,
}: OpenDatabaseOptions): Promise<Database> {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(path)?.[0];
  if (scheme !== undefined) {
    throw new CodexAuthError("usage", `A database cannot have an address that begins with ${scheme}`, {
      hint: "Give a file, or an address that begins with postgres://",
    });
  }
  const connect = drivers.nodeSqlite() ?? (await drivers.libsql());
  if (!connect) {
    throw new CodexAuthError(
      "database_driver_missing",
      "The gateway keeps its keys in SQLite, which this Node does not have.",
      {
        hint: "Use Node 22.15 or later (npx -p node@24 codex-auth gateway start), or: npm install --global libsql",
      },
    );
  }
  makeFile(path);
  return await openSqlite({ path, connect, fileId, now });
}

async function postgres({ address, drivers, now, env = {} }: OpenDatabaseOptions): Promise<Database> {
  const pg = await drivers.pg();
  if (!pg) {
    throw new CodexAuthError(
      "database_driver_missing",
      "A PostgreSQL database needs the package pg, which is not installed.",
      { hint: "Install it beside codex-auth: npm install --global pg" },
    );
  }
  return openPostgres({ url: withClientSettings(address, env), load: async () => pg, now });
}
