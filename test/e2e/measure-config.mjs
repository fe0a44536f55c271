// npm run measure-config -- VERSION: how often the tables of config.toml agree with the real Codex of that version, on a
// value of every kind at every key; and what they call wrong that it takes, which must be nothing.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "../../.ci/load.mjs";
import { inCutNetwork, raiseLoopback } from "./cut-network.mjs";
import { install, modern, root } from "./install.mjs";

const [mode, ...rest] = process.argv.slice(2);
const words = mode === "--inside" ? rest : process.argv.slice(2);
const versions = words.length > 0 ? words : modern;

if (mode !== "--inside") {
  for (const version of versions) install(version);
  process.exitCode = inCutNetwork([fileURLToPath(import.meta.url), "--inside", ...words]);
} else if (raiseLoopback()) {
  const { measureTables } = await load("test/e2e/facts/measure.ts");
  for (const version of versions) print(version, await inHome((home) => measureTables(version, home)));
} else process.exitCode = 1;

function print(version, { mutants, refused, agreed, falseAlarms, missed }) {
  const share = ((100 * agreed) / mutants).toFixed(1);
  const found = ((100 * (refused - missed.length)) / refused).toFixed(1);
  console.log(`Codex ${version}: ${mutants} values, of which it refuses ${refused}.`);
  console.log(`  The tables agree on ${agreed} (${share} %) and find ${found} % of what is refused.`);
  console.log(`  Called wrong and taken: ${falseAlarms.length}${list(falseAlarms)}`);
  console.log(`  Refused and not found: ${missed.length}${list(missed)}`);
}

function list(lines) {
  return lines
    .slice(0, 60)
    .map((line) => `\n    ${line}`)
    .join("");
}

async function inHome(work) {
  const folder = join(root, "node_modules/.cache/facts");
  mkdirSync(folder, { recursive: true });
  const home = mkdtempSync(join(folder, "measure-"));
  try {
    return await work(home);
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}
