// Kills processes that count what keys use, at any moment and right after a write, and does the sum again from their own
// logs: nothing may be lost or counted twice. On SQLite under each Node, and on a PostgreSQL that is started for it.
// Usage: npm run kills [kills, 1000] [which, as PostgreSQL or libsql]. Other Nodes: CODEX_AUTH_NODES=/path/to/node:/path/to/another
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "../../.ci/load.mjs";
import { cacheFolder } from "../e2e/install.mjs";

const kills = Number(process.argv[2] ?? 1000);
const only = process.argv[3] ?? "";
const { killRounds } = await load("test/support/money-rounds.ts");
const { postgresPrograms, startPostgres } = await load("test/support/postgres.ts");
const folder = mkdtempSync(join(tmpdir(), "codex-auth-kills-"));
const nodes = [...new Set([process.execPath, ...named(), ...cached()])];
let isWell = true;
/** Those that nothing was asked of: named at the end, so that nobody takes a part for the whole. */
const missing = new Set(["libsql", "node:sqlite", "PostgreSQL"]);
console.log(
  "database                     Node        kills  after a write  admitted  settled  swept  lost  double  invented",
);
for (const node of nodes) {
  const version = versionOf(node);
  const driver = Number(version.split(".")[0]) >= 22 ? "node:sqlite" : "libsql";
  await report(driver, version, { address: join(folder, `${version}.db`), nodes: [node] });
}
if (postgresPrograms() !== null) {
  const postgres = await startPostgres();
  const version = nodes.map(versionOf).join(" ");
  await report("PostgreSQL", version, { address: postgres.freshDatabase(), nodes });
  postgres.stop();
}
rmSync(folder, { recursive: true, force: true });
for (const name of missing) {
  if (only === "" || only === name) console.log(`${name.padEnd(29)}skipped: it is not here`);
}
// Of nothing nothing is lost.
if (missing.size === 3) {
  console.log(`Nothing was asked. There are: ${[...missing].join(", ")}`);
  isWell = false;
}
process.exit(isWell ? 0 : 1);

async function report(name, version, where) {
  if (only !== "" && only !== name) return;
  missing.delete(name);
  const started = performance.now();
  const figures = await killRounds({ ...where, kills, workers: 2 });
  const { killsAfterWrite, admitted, settled, swept, lost, doubled, invented } = figures;
  const counts = [figures.kills, killsAfterWrite, admitted, settled, swept, lost, doubled, invented];
  const widths = [7, 15, 10, 9, 7, 6, 8, 10];
  const row = counts.map((count, at) => String(count).padStart(widths[at])).join("");
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`${name.padEnd(29)}${version.padEnd(10)}${row}   in ${seconds} s`);
  isWell &&= lost + doubled + invented === 0;
}

function named() {
  return (process.env.CODEX_AUTH_NODES ?? "").split(":").filter((path) => path !== "");
}

/** Those that the tests with the real clients have installed. */
function cached() {
  const places = ["node-22", "node-24"].map((name) =>
    join(cacheFolder(), name, "node_modules/node/bin/node"),
  );
  return places.filter((path) => existsSync(path));
}

function versionOf(node) {
  return execFileSync(node, ["-p", "process.versions.node"], { encoding: "utf8" }).trim();
}
