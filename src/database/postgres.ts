import type * as Pg from "pg";
import type { Pool, PoolClient, PoolConfig } from "pg";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { ChangeOptions, Database, Row, Statements, Value } from "./database.ts";
import { Outage } from "./outage.ts";
import { postgresServer } from "./postgres-server.ts";

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
/** Later than the server would give up: then the answer is lost on the network. */
const answerMs = 12_000;
const clockEveryMs = 60_000;
/** By more than this two clocks of one machine differ only after one of them was set, or after a sleep. */
const steppedMs = 500;

/** PostgreSQL for several gateways: the same statements, and the database's clock for everybody. */
export async function openPostgres({ url, load, now }: PostgresOptions): Promise<Database> {
  const pg = await load();
  const place = placeOf(url);
  const config: PoolConfig = {
    connectionString: url,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    query_timeout: answerMs,
    application_name: "codex-auth",
    types: {
      // BIGINT arrives as text; every number of ours fits into a double.
      getTypeParser: (oid) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid)),
    },
  };
  // A change that need not be on the disk at once costs a quarter: two groups of connections, set once.
  const quick = new pg.Pool({ ...config, max: connections, options: "-c synchronous_commit=off" });
  const durable = new pg.Pool({ ...config, max: 2 });
  // Opened by who listens, and kept.
  const ears = new pg.Pool({ ...config, max: 1, idleTimeoutMillis: 0 });
  // A connection that breaks between two statements of a transaction says so to nobody else, and would end the process.
  for (const pool of [quick, durable, ears])
    pool.on("error", ignore).on("connect", (client) => void client.on("error", ignore));
  const outage = new Outage(() => quick.query("select 1"));
  const ask: Ask = (on, sql, values = []) => outage.pass(() => on.query(sql, values.map(storable)));
  const clock = new SharedClock(async (sql) => rowsOf(await ask(quick, sql)), now);
  const poolFor = (options?: ChangeOptions) => (options?.isDurable ? durable : quick);
  const guarded = <T>(work: () => Promise<T>) => work().catch((error: unknown) => fail(place, error));
  const timer = setInterval(() => void clock.read().catch(ignore), clockEveryMs);
  timer.unref();
  const database: Database = {
    place,
    now: () => clock.now(),
    freshNow: () =>
      guarded(async () => {
        await clock.read();
        return clock.now();
      }),
    server: postgresServer({ query: (sql) => database.query(sql) }, ears),
    query: (sql, values) => guarded(async () => rowsOf(await ask(quick, sql, values))),
    change: (sql, values, options) =>
      guarded(async () => (await ask(poolFor(options), sql, values)).rowCount ?? 0),
    transact: (work, options) =>
      guarded(async () => {
        const pool = poolFor(options);
        return await transact(await outage.pass(() => pool.connect()), ask, work);
      }),
    isAway: () => outage.isAway,
    close: async () => {
      outage.end();
      clearInterval(timer);
      await Promise.all([quick.end(), durable.end(), ears.end()]);
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

type Ask = (on: Pool | PoolClient, sql: string, values?: readonly Value[]) => Promise<Answer>;

/** PostgreSQL keeps no NUL in a text, and would refuse all that is written with it; a client may send one in any name. */
function storable(value: Value): Value {
  return typeof value === "string" ? value.replaceAll("\0", "\uFFFD") : value;
}

function rowsOf({ rows }: Answer): readonly Row[] {
  return rows as Row[];
}

async function transact<T>(
  client: PoolClient,
  ask: Ask,
  work: (statements: Statements) => Promise<T>,
): Promise<T> {
  let broken: Error | undefined;
  try {
    await ask(client, "begin");
    const result = await work({
      query: async (sql, values) => rowsOf(await ask(client, sql, values)),
      change: async (sql, values) => (await ask(client, sql, values)).rowCount ?? 0,
    });
    await ask(client, "commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch((cause: unknown) => (broken = cause as Error));
    throw error;
  } finally {
    client.release(broken);
  }
}

/**
 * The database's clock, told from ours by a difference that is measured at the start and every minute. It goes on by what
 * has passed, so that a step of this machine's clock moves nothing; after one, and after a sleep, it is measured anew.
 */
class SharedClock {
  readonly #ask: (sql: string) => Promise<readonly Row[]>;
  readonly #now: () => number;
  /** At one moment: what the database's clock said, and the two of this machine. */
  #database: number;
  #ours: number;
  #at = performance.now();

  constructor(ask: (sql: string) => Promise<readonly Row[]>, now: () => number) {
    this.#ask = ask;
    this.#now = now;
    this.#database = this.#ours = now();
  }

  now(): number {
    const passedMs = performance.now() - this.#at;
    const stepMs = this.#now() - passedMs - this.#ours;
    if (Math.abs(stepMs) > steppedMs) {
      this.#ours += stepMs;
      void this.read().catch(ignore);
    }
    return Math.round(this.#database + passedMs);
  }

  async read(): Promise<void> {
    const from = performance.now();
    const sql = "select (extract(epoch from clock_timestamp()) * 1000)::bigint as ms";
    const [row] = await this.#ask(sql);
    this.#at = performance.now();
    this.#ours = this.#now();
    this.#database = Number(row?.["ms"] ?? this.#ours) + (this.#at - from) / 2;
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
  const said = error instanceof Error ? error.message : String(error);
  const [why, hint] = /password must be a string/.test(said)
    ? [
        "it asks for a password, and none was given",
        "Put it into PGPASSWORD, or a line for this host into ~/.pgpass (0600).",
      ]
    : /certificate/.test(said)
      ? [said, "Name the authority that signed it: PGSSLMODE=verify-full PGSSLROOTCERT=<file>"]
      : [said, "Check that PostgreSQL runs there and lets this user in."];
  throw new CodexAuthError("database_unavailable", `The database ${place} cannot be used: ${why}.`, {
    hint,
    cause: error,
  });
}

/** What `psql` reads from the environment and the driver only from the address; what the address says wins. */
const settings = {
  sslmode: "PGSSLMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
};

export function withClientSettings(
  address: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  for (const [name, variable] of Object.entries(settings)) {
    const value = env[variable];
    if (value !== undefined && value !== "" && !url.searchParams.has(name)) url.searchParams.set(name, value);
  }
  // The driver checks the certificate with each of these words, and warns on every start that it will not some day.
  if (
    /^(?:prefer|require|verify-ca)$/.test(url.searchParams.get("sslmode") ?? "") &&
    !url.searchParams.has("uselibpqcompat")
  )
    url.searchParams.set("sslmode", "verify-full");
  return url.href;
}

/** PostgreSQL understood and said no (classes 22, 23, 42): another try would be told the same. */
function isAboutStatement(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(?:22|23|42)/.test(code);
}

function ignore(): void {}
