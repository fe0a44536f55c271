// npm run measure-config -- VERSION: how often the tables of config.toml agree with the real Codex of that version, on a
// value of every kind at every key; and what they call wrong that it takes, which must be nothing.
// With --installed: how often the built doctor agrees that has this Codex on PATH, on a sample of these values
// (--sample 400, --seed 1), each a run of the command.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { load } from "../../.ci/load.mjs";
import { inCutNetwork, raiseLoopback } from "./cut-network.mjs";
import { install, modern, root } from "./install.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inside: { type: "boolean", default: false },
    installed: { type: "boolean", default: false },
    sample: { type: "string", default: "400" },
    seed: { type: "string", default: "1" },
  },
});
const newest = values.installed ? modern.slice(0, 1) : modern;
const versions = positionals.length > 0 ? positionals : newest;

if (!values.inside) {
  for (const version of versions) install(version);
  process.exitCode = inCutNetwork([fileURLToPath(import.meta.url), "--inside", ...process.argv.slice(2)]);
} else if (raiseLoopback()) {
  const measure = await measurer();
  for (const version of versions) print(version, await inHome((home) => measure(version, home)));
} else process.exitCode = 1;

async function measurer() {
  if (!values.installed) return (await load("test/e2e/facts/measure.ts")).measureTables;
  const { measureInstalled } = await load("test/e2e/facts/measure-installed.ts");
  const choice = { count: Number(values.sample), seed: Number(values.seed) };
  return (version, home) => measureInstalled(version, home, choice);
}

function print(version, { mutants, refused, agreed, falseAlarms, missed }) {
  const judges = values.installed ? "Doctor with this Codex installed agrees" : "The tables agree";
  const share = ((100 * agreed) / mutants).toFixed(1);
  const found = ((100 * (refused - missed.length)) / refused).toFixed(1);
  console.log(`Codex ${version}: ${mutants} values, of which it refuses ${refused}.`);
  console.log(`  ${judges} on ${agreed} (${share} %), and on ${found} % of what is refused.`);
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
