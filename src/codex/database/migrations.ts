import { migrationSums } from "../tables/migration-sums.ts";
import type { SqliteRow } from "./table.ts";

/** The table in which Codex keeps what it has done to a database. */
export const migrationTable = "_sqlx_migrations";

interface Migration {
  version: number;
  description: string;
  isDone: boolean;
  checksum: Uint8Array;
}

/** Why Codex refuses a database. */
export interface MigrationFault {
  kind: "modified" | "unfinished" | "missing";
  version: number;
  /** What the migration is for; empty when it is missing. */
  description: string;
  /** As recorded; null when it is missing. */
  checksum: Uint8Array | null;
}

/**
 * What is wrong with the migrations that a database records, against those of the versions of Codex that we know.
 * Migrations of a newer one are no fault: Codex passes over what it does not know.
 */
export function migrationFaults(database: string, rows: readonly SqliteRow[]): MigrationFault[] {
  const known = knownChecksums(database);
  const migrations = rows.flatMap(asMigration);
  const newest = Math.max(0, ...migrations.map(({ version }) => version));
  const missing = known
    .map((_, index) => index + 1)
    .filter((version) => version < newest && migrations.every((each) => each.version !== version));
  return [
    ...migrations.flatMap((migration) => faultOf(migration, known)),
    ...missing.map((version) => ({ kind: "missing" as const, version, description: "", checksum: null })),
  ];
}

/** Columns: version, description, installed_on, success, checksum, execution_time. */
function asMigration([version, description, , success, checksum]: SqliteRow): Migration[] {
  if (typeof version !== "number" || !(checksum instanceof Uint8Array)) return [];
  const text = typeof description === "string" ? description : "";
  return [{ version, description: text, isDone: success !== 0, checksum }];
}

function faultOf(
  { version, description, isDone, checksum }: Migration,
  known: readonly string[][],
): MigrationFault[] {
  if (!isDone) return [{ kind: "unfinished", version, description, checksum }];
  const accepted = known[version - 1];
  if (accepted === undefined || accepted.includes(beginningOf(checksum))) return [];
  return [{ kind: "modified", version, description, checksum }];
}

/** The databases whose migrations are known. */
export const databaseNames: readonly string[] = Object.keys(migrationSums);

/** Of each migration the checksums that some version of Codex gives it; number 1 comes first. */
export function knownChecksums(database: string): readonly string[][] {
  return (migrationSums[database] ?? []).map((sums) => sums.match(/.{16}/g) ?? []);
}

/** The part of a checksum that is compared: its first twelve bytes, in base64. */
export function beginningOf(checksum: Uint8Array): string {
  return btoa(String.fromCharCode(...checksum.subarray(0, 12)));
}
