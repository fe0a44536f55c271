// npm run compare-codex -- OLD NEW: asks two versions of Codex what they read, write and answer, prints what changed
// between them, and writes what is told from that: fixtures/codex, src/codex/tables, docs/compatibility.md.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "../../.ci/load.mjs";
import { inCutNetwork, raiseLoopback } from "./cut-network.mjs";
import { install, root, versions } from "./install.mjs";

const [mode, ...rest] = process.argv.slice(2);
const wanted = (mode === "--inside" ? rest : process.argv.slice(2)).filter((word) => !word.startsWith("-"));
const asked = wanted.length > 0 ? wanted : versions;

if (mode === "--inside") {
  if (raiseLoopback()) await compare();
  else process.exitCode = 1;
} else {
  for (const version of asked) install(version);
  process.exitCode = inCutNetwork([fileURLToPath(import.meta.url), "--inside", ...wanted]);
}

async function compare() {
  const { collectFacts } = await load("test/e2e/facts/collect.ts");
  for (const version of asked)
    write(`fixtures/codex/${version}.json`, json(await inHome((home) => collectFacts(version, home, log))));
  const { writtenFromFacts } = await load(".ci/codex-tables.ts");
  const stored = readdirSync(join(root, "fixtures/codex")).map((name) =>
    JSON.parse(readFileSync(join(root, "fixtures/codex", name), "utf8")),
  );
  for (const [path, text] of Object.entries(writtenFromFacts(stored))) write(path, text);
}

/** Codex refuses a home below the system's temporary folder. */
async function inHome(work) {
  const folder = join(root, "node_modules/.cache/facts");
  mkdirSync(folder, { recursive: true });
  const home = mkdtempSync(join(folder, "home-"));
  try {
    return await work(home);
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

function log(line) {
  console.error(line);
}

function json(value) {
  return `${JSON.stringify(value, null, 1)}\n`;
}

function write(path, text) {
  writeFileSync(join(root, path), text);
}
