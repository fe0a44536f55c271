import type * as Pg from "pg";
import type { Pool, PoolClient, PoolConfig } from "pg";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { ChangeOptions, Database, Row, Statements, Value } from "./database.ts";

/** What is used of the package `pg`. */
export type PostgresDriver = Pick<typeof Pg, "Pool" | "types">;

export interface PostgresOptions {
  /** `postgres://user@host/name`; what it leaves out comes from the usual PG… variables and the password file. */
  readonly url: string;
  readonly load: () => Promise<PostgresDriver>;
  readonly now: () => number;
}

const connections = 8;
const connectMs = 5_000;
const statementMs = 10_000;
const clockEveryMs = 60_000;

/** PostgreSQL for several gateways: the same statements, and the database's clock for everybody. */
export async function openPostgres({ url, load, now }: PostgresOptions): Promise<Database> {
  const pg = await load();
  const place = placeOf(url);
  const config: PoolConfig = {
    connectionString: url,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    application_name: "codex-auth",
    types: {
      // BIGINT arrives as text; every number of ours fits into a double.
      getTypeParser: (oid) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid)),
    },
  };
  // A change that need not be on the disk at once costs a quarter: two groups of connections, set once.
  const quick = new pg.Pool({ ...config, max: connections, options: "-c synchronous_commit=off" });
  const durable = new pg.Pool({ ...config, max: 2 });
  for (const pool of [quick, durable]) pool.on("error", ignore);
  const clock = new SharedClock(quick, now);
  const poolFor = (options?: ChangeOptions) => (options?.isDurable ? durable : quick);
  const guarded = <T>(work: () => Promise<T>) => work().catch((error: unknown) => fail(place, error));
  const timer = setInterval(() => void clock.read().catch(ignore), clockEveryMs);
  timer.unref();
  const database: Database = {
    place,
    now: () => clock.now(),
    query: (sql, values) => guarded(async () => rowsOf(await ask(quick, sql, values))),
    change: (sql, values, options) =>
      guarded(async () => (await ask(poolFor(options), sql, values)).rowCount ?? 0),
    transact: (work, options) => guarded(() => transact(poolFor(options), work)),
    close: async () => {
      clearInterval(timer);
      await Promise.all([quick.end(), durable.end()]);
    },
  };
  await guarded(() => clock.read()).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  return database;
}

interface Answer {
  readonly rows: unknown[];
  readonly rowCount: number | null;
}

function ask(on: Pool | PoolClient, sql: string, values: readonly Value[] = []): Promise<Answer> {
  return on.query(sql, [...values]);
}

function rowsOf({ rows }: Answer): readonly Row[] {
  return rows as Row[];
}

async function transact<T>(pool: Pool, work: (statements: Statements) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin");
    const result = await work({
      query: async (sql, values) => rowsOf(await ask(client, sql, values)),
      change: async (sql, values) => (await ask(client, sql, values)).rowCount ?? 0,
    });
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch((cause: unknown) => (broken = cause as Error));
    throw error;
  } finally {
    client.release(broken);
  }
}

/** The database's clock, told from ours by a difference that is measured at the start and every minute. */
class SharedClock {
  readonly #pool: Pool;
  readonly #now: () => number;
  #aheadMs = 0;

  constructor(pool: Pool, now: () => number) {
    this.#pool = pool;
    this.#now = now;
  }

  now(): number {
    return Math.round(this.#now() + this.#aheadMs);
  }

  async read(): Promise<void> {
    const before = this.#now();
    const sql = "select (extract(epoch from clock_timestamp()) * 1000)::bigint as ms";
    const [row] = rowsOf(await ask(this.#pool, sql));
    const middle = (before + this.#now()) / 2;
    this.#aheadMs = Number(row?.["ms"] ?? middle) - middle;
  }
}

/** Host and name, without user and password. */
function placeOf(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `${host || "PostgreSQL"}${pathname}`;
  } catch {
    return "PostgreSQL";
  }
}

function fail(place: string, error: unknown): never {
  if (error instanceof CodexAuthError || isAboutStatement(error)) throw error;
  const why = error instanceof Error ? error.message : String(error);
  throw new CodexAuthError("database_unavailable", `The database ${place} cannot be used: ${why}.`, {
    hint: "Check that PostgreSQL runs there and lets this user in.",
    cause: error,
  });
}

/** PostgreSQL understood and said no (classes 22, 23, 42): another try would be told the same. */
function isAboutStatement(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(?:22|23|42)/.test(code);
}

function ignore(): void {}
