// The back ends of the gateway's database, as far as this machine has them.
import { closeSync, existsSync, openSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import type { Database } from "../../src/database/database.ts";
import { type DatabaseDrivers, openDatabase } from "../../src/database/open-database.ts";
import type { SqliteConnection } from "../../src/database/sqlite.ts";

const require = createRequire(import.meta.url);

export const drivers: DatabaseDrivers = {
  nodeSqlite: () => {
    const sqlite = process.getBuiltinModule?.("node:sqlite") as
      | { DatabaseSync: new (path: string) => SqliteConnection }
      | undefined;
    return sqlite ? (path) => new sqlite.DatabaseSync(path) : null;
  },
  libsql: async () => {
    const Libsql = require("libsql") as new (path: string) => SqliteConnection;
    return (path) => new Libsql(path);
  },
  pg: async () => await import("pg"),
};

export function openTestDatabase(
  address: string,
  only: Partial<DatabaseDrivers> = {},
  now = Date.now,
): Promise<Database> {
  const makeFile = (path: string) => {
    if (!existsSync(path)) closeSync(openSync(path, "wx", 0o600));
  };
  const fileId = (path: string) => String(statSync(path, { throwIfNoEntry: false })?.ino);
  return openDatabase({ address, drivers: { ...drivers, ...only }, now, makeFile, fileId });
}
