import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { postgresPrograms, startPostgres, type TestPostgres } from "./postgres.ts";

export interface BackEnd {
  readonly name: string;
  /** Of a database that is new and empty. */
  readonly address: () => string;
}

/** The back ends that a test file runs against, started before its first test and gone after its last. */
export function backEnds(): readonly BackEnd[] {
  let folder = "";
  let files = 0;
  let postgres: TestPostgres | null = null;
  // Making a cluster takes seconds on a busy machine.
  const patienceMs = 60_000;
  const hasPostgres = postgresPrograms() !== null;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "codex-auth-db-"));
    if (hasPostgres) postgres = await startPostgres();
  }, patienceMs);
  afterAll(() => {
    postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const sqlite = { name: "SQLite", address: () => join(folder, `${(files += 1)}.db`) };
  const address = () => postgres?.freshDatabase() ?? "";
  return hasPostgres ? [sqlite, { name: "PostgreSQL", address }] : [sqlite];
}
