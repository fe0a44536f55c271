import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writtenFromFacts } from "../../.ci/codex-tables.ts";
import { migrationFaults } from "../../src/codex/migrations.ts";
import type { CodexFacts } from "../e2e/facts/facts.ts";
import { versions } from "../e2e/install.mjs";
import { projectRoot } from "../support/home.ts";

const folder = join(projectRoot, "fixtures/codex");
const facts = readdirSync(folder).map(
  (name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as CodexFacts,
);

test("the facts of every version that is tried are kept", () => {
  expect(facts.map(({ version }) => version).sort()).toEqual([...versions].sort());
});

test.each(Object.entries(writtenFromFacts(facts)))(
  "%s is written from the facts (npm run compare-codex)",
  (path, text) => {
    expect(readFileSync(join(projectRoot, path), "utf8")).toBe(text);
  },
);

test.each(facts)("the databases that Codex $version makes are no fault", ({ databases }) => {
  for (const [name, migrations] of Object.entries(databases)) {
    const rows = migrations.map(({ number, description, sha384 }) => [
      number,
      description,
      "2026-11-20",
      1,
      Buffer.from(sha384, "hex"),
      0,
    ]);
    expect([name, migrationFaults(name, rows)]).toEqual([name, []]);
  }
});

test("a checksum of no version is one that was modified, at the newest migration too", () => {
  const [newest] = facts.toSorted((a, b) => b.version.localeCompare(a.version, "en", { numeric: true }));
  const migrations = newest?.databases["state_5.sqlite"] ?? [];
  const rows = migrations.map(({ number, description, sha384 }) => [
    number,
    description,
    "2026-11-20",
    1,
    Buffer.from(number === migrations.length ? sha384.replaceAll("a", "b") : sha384, "hex"),
    0,
  ]);
  expect(migrationFaults("state_5.sqlite", rows)).toMatchObject([
    { kind: "modified", version: migrations.length },
  ]);
});
