// npm run compare-codex -- OLD NEW: asks two versions of Codex what they read, write and answer, prints what changed
// between them, and writes what is told from that: fixtures/codex, src/codex/tables, docs/compatibility.md. `--quick` leaves the keys
// of config.toml as they are stored: to ask for them takes a quarter of an hour.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "../../.ci/load.mjs";
import { inCutNetwork, raiseLoopback } from "./cut-network.mjs";
import { install, root, versions } from "./install.mjs";

const [mode, ...rest] = process.argv.slice(2);
const isQuick = process.argv.includes("--quick");
const wanted = (mode === "--inside" ? rest : process.argv.slice(2)).filter((word) => !word.startsWith("-"));
const asked = wanted.length > 0 ? wanted : versions;

if (mode === "--inside") {
  if (raiseLoopback()) await compare();
  else process.exitCode = 1;
} else {
  for (const version of asked) install(version);
  process.exitCode = inCutNetwork([fileURLToPath(import.meta.url), "--inside", ...process.argv.slice(2)]);
}

async function compare() {
  const { collectFacts } = await load("test/e2e/facts/collect.ts");
  for (const version of asked) {
    const stored = isQuick ? storedFacts(version) : null;
    const facts = await inHome((home) => collectFacts(version, home, { log, stored }));
    write(`fixtures/codex/${version}.json`, json(facts));
  }
  const facts = readdirSync(join(root, "fixtures/codex")).map((name) =>
    storedFacts(name.replace(/\.json$/, "")),
  );
  const { writtenFromFacts } = await load(".ci/codex-tables.ts");
  for (const [path, text] of Object.entries(writtenFromFacts(facts))) write(path, text);
  const { compatibilityPage, differencesText } = await load(".ci/compatibility-page.ts");
  write("docs/compatibility.md", compatibilityPage(facts));
  const [before, after] = wanted.map(storedFacts);
  if (after) console.log(differencesText(before, after));
}

/** Without anything where there is no such file. */
function storedFacts(version) {
  const path = join(root, "fixtures/codex", `${version}.json`);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { version, config: null };
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
