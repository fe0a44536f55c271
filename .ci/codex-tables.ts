import { beginningOf } from "../src/codex/database/migrations.ts";
import type { CodexFacts, Migration } from "../test/e2e/facts/facts.ts";
import { looserKeys } from "./config-differences.ts";
import { packedNodes } from "./config-nodes.ts";

const head = "// Written by `npm run compare-codex` from fixtures/codex; a test compares.\n";

/** What is written from the facts of all versions, by its path. */
export function writtenFromFacts(facts: readonly CodexFacts[]): Record<string, string> {
  return {
    "src/codex/tables/migration-sums.ts": migrationSumsModule(facts),
    "src/codex/tables/config-nodes.ts": configNodesModule(facts),
  };
}

/** Of the newest version whose keys were asked for. */
function configNodesModule(facts: readonly CodexFacts[]): string {
  const [newest, ...older] = facts
    .flatMap(({ version, config }) => (config ? [{ version, config }] : []))
    .toSorted((a, b) => b.version.localeCompare(a.version, "en", { numeric: true }));
  const looser = newest ? older.flatMap(({ config }) => looserKeys(newest.config, config)) : [];
  const packed = newest ? packedNodes(newest.config, new Set(looser)) : "[]";
  return `${head}
/** What Codex ${newest?.version} takes as the value of each key of config.toml; see config/schema.ts. */
export const configNodes = String.raw\`${packed}\`;
`;
}

/** Of every version's databases, each checksum once. */
function migrationSumsModule(facts: readonly CodexFacts[]): string {
  const names = [...new Set(facts.flatMap(({ databases }) => Object.keys(databases)))].sort();
  const rows = names.map((name) => {
    const all = facts.flatMap(({ databases }) => databases[name] ?? []);
    const words = numbersOf(all).map((number) => sumsOf(all, number).join(""));
    return `  ${JSON.stringify(name)}: [\n${words.map((word) => `    ${JSON.stringify(word)},\n`).join("")}  ],\n`;
  });
  return `${head}
/**
 * The beginnings of the checksums of Codex's migrations, of each database in the order of their numbers: twelve bytes of
 * the SHA-384 of the SQL, in base64. Where versions differ, one after another.
 */
export const migrationSums: Readonly<Record<string, readonly string[]>> = {
${rows.join("")}};
`;
}

/** From 1 to the newest. */
function numbersOf(migrations: readonly Migration[]): number[] {
  const newest = Math.max(...migrations.map(({ number }) => number));
  return Array.from({ length: newest }, (_, index) => index + 1);
}

function sumsOf(migrations: readonly Migration[], wanted: number): string[] {
  const found = migrations.filter(({ number }) => number === wanted);
  return [...new Set(found.map(({ sha384 }) => beginningOf(Buffer.from(sha384, "hex"))))];
}
