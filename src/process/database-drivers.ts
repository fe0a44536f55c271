import type { DatabaseDrivers } from "../database/open-database.ts";
import type { SqliteConnection } from "../database/sqlite.ts";

interface SqliteModule {
  readonly DatabaseSync: new (path: string) => SqliteConnection;
}

type Libsql = new (path: string) => SqliteConnection;

/** The databases that this Node and the packages beside us can open. */
export const databaseDrivers: DatabaseDrivers = {
  nodeSqlite: () => {
    const sqlite = quietly(() => process.getBuiltinModule?.("node:sqlite") as SqliteModule | undefined);
    return sqlite ? (path) => new sqlite.DatabaseSync(path) : null;
  },
  libsql: async () => {
    const loaded = await ifInstalled(() => import("libsql"));
    if (!loaded) return null;
    const Connection = loaded.default as unknown as Libsql;
    return (path) => new Connection(path);
  },
  pg: async () => {
    const loaded = await ifInstalled(() => import("pg"));
    // That it reads the password file is to change with its next version, which this one says on every start.
    if (loaded) Object.assign(process, { noDeprecation: true });
    return loaded?.default ?? null;
  },
};

/** Null for a package that is not installed. */
async function ifInstalled<T>(load: () => Promise<T>): Promise<T | null> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof Error && "code" in error && String(error.code).endsWith("MODULE_NOT_FOUND"))
      return null;
    throw error;
  }
}

/** Node 22 warns that its SQLite is new, on the stream where people look for trouble. */
function quietly<T>(work: () => T): T {
  const warnings = process.listeners("warning");
  process.removeAllListeners("warning");
  try {
    return work();
  } finally {
    // The warning is told in a later turn.
    setImmediate(() => {
      for (const listener of warnings) process.on("warning", listener);
    });
  }
}
