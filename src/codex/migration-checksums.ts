import { migrationSums } from "./tables/migration-sums.ts";

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
