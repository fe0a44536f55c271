import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { differencesOf } from "../../../.ci/codex-differences.ts";
import { writtenFromFacts } from "../../../.ci/codex-tables.ts";
import { compatibilityPage } from "../../../.ci/compatibility-page.ts";
import { migrationFaults } from "../../../src/codex/database/migrations.ts";
import type { CodexFacts } from "../../e2e/facts/facts.ts";
import { versions } from "../../e2e/install.mjs";
import { projectRoot } from "../../support/home.ts";

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

test("docs/compatibility.md is written from the facts (npm run compare-codex)", () => {
  expect(readFileSync(join(projectRoot, "docs/compatibility.md"), "utf8")).toBe(compatibilityPage(facts));
});

test("what changed between two versions is told by kind, and nothing where nothing did", () => {
  const [old, fresh] = ["0.169.0", "0.171.0"].map((wanted) =>
    facts.find(({ version }) => version === wanted),
  );
  if (!old || !fresh) throw new Error("The facts are not there.");
  const found = differencesOf(old, fresh);
  expect(found.find(({ title }) => title === "Migrations of databases")?.lines).toEqual([
    "+ state_5.sqlite 63 session model ids",
    "+ state_5.sqlite 64 thread listing indexes",
    "+ thread_history_1.sqlite 9 realtime observation indexes",
  ]);
  expect(differencesOf(fresh, fresh).flatMap(({ lines }) => lines)).toEqual([]);
  const without = { ...fresh, protocol: { ...fresh.protocol, errorInfo: fresh.protocol.errorInfo.slice(1) } };
  expect(differencesOf(without, fresh).flatMap(({ lines }) => lines)).toEqual([
    `+ ${fresh.protocol.errorInfo[0]}`,
  ]);
});

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
