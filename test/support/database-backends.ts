import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { postgresPrograms, startPostgres, type TestPostgres } from "./postgres.ts";
import { fastFolder } from "./fast-folder.ts";

export interface BackEnd {
  readonly name: string;
  /** Of a database that is new and empty. */
  readonly address: () => string;
}

/** The back end that is asked in this run of `*.each-database.test.ts`. */
export const backEndOfRun = process.env["CODEX_AUTH_TEST_DATABASE"];

/**
 * The back ends that a test file runs against, all or the one of that name, started before its first test and gone
 * after its last. SQLite stands in where PostgreSQL is not installed, and a skipped test of the file says so.
 */
export function backEnds(only?: string): readonly BackEnd[] {
  let folder = "";
  let files = 0;
  let postgres: TestPostgres | null = null;
  // Making a cluster takes seconds on a busy machine.
  const patienceMs = 60_000;
  const hasPostgres = only !== "SQLite" && postgresPrograms() !== null;
  const isMissing = only !== "SQLite" && !hasPostgres;
  if (isMissing) test.skip("PostgreSQL is not installed, so nothing was asked of it", () => undefined);
  beforeAll(async () => {
    folder = mkdtempSync(join(fastFolder, "codex-auth-db-"));
    if (hasPostgres) postgres = await startPostgres({ where: fastFolder });
  }, patienceMs);
  afterAll(() => {
    postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const sqlite = { name: "SQLite", address: () => join(folder, `${(files += 1)}.db`) };
  const address = () => postgres?.freshDatabase() ?? "";
  const all = hasPostgres ? [sqlite, { name: "PostgreSQL", address }] : [sqlite];
  return hasPostgres && only !== undefined ? all.filter(({ name }) => name === only) : all;
}
