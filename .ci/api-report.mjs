// The public types of the library as one text, from the declarations that tsc emits. fixtures/api/index.d.ts.txt is
// the golden copy: `npm run api` rewrites it, `--print` shows what it would be, and a test fails when the types are others, so that a change is seen.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const golden = join(root, "fixtures/api/index.d.ts.txt");

if (process.argv.includes("--print")) {
  process.stdout.write(apiReport());
} else {
  mkdirSync(dirname(golden), { recursive: true });
  writeFileSync(golden, apiReport());
}

/**
 * Every export of src/index.ts with its declaration, without comments, sorted by module and name, and the names that
 * each other door of the package has.
 */
function apiReport() {
  const folder = mkdtempSync(join(tmpdir(), "codex-auth-api-"));
  try {
    emitDeclarations(folder);
    return report(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function emitDeclarations(folder) {
  const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
  const { bin } = JSON.parse(readFileSync(manifest, "utf8"));
  const options = [
    "-p",
    ".ci/tsconfig.lib.json",
    "--emitDeclarationOnly",
    "--removeComments",
    "--outDir",
    folder,
  ];
  execFileSync(process.execPath, [join(dirname(manifest), bin.tsc), ...options], {
    cwd: root,
    stdio: "inherit",
  });
}

function report(folder) {
  const modules = new Map();
  const read = (from) => {
    if (!modules.has(from)) modules.set(from, readModule(folder, from));
    return modules.get(from);
  };
  const found = new Map();
  for (const [from, name] of exportsOf(folder, "index")) {
    const text = read(from).declared.get(name);
    if (text === undefined) throw new Error(`${from} does not declare ${name}`);
    found.set(from, new Map([...(found.get(from) ?? []), [name, text]]));
  }
  const doors = ["errors", "proxy", "store"].map((door) => {
    const names = [...new Set(exportsOf(folder, door).map(([, name]) => name))].sort();
    return `// codex-auth/${door}\n// ${names.join(" ")}\n`;
  });
  for (const door of ["index", "errors", "proxy", "store"]) requireComplete(folder, door, read);
  const parts = [...found].sort(byFirst).map(([from, texts]) => {
    const sorted = [...texts].sort(byFirst).map(([, text]) => text);
    return `// ${from}\n${sorted.join("\n")}\n`;
  });
  return [...doors, ...parts].join("\n");
}

/** Who can call a function must be able to name what it takes and gives, without another door. */
function requireComplete(folder, door, read) {
  const exported = exportsOf(folder, door);
  const homes = new Map();
  for (const [from, name] of exported) {
    // TypeScript lets one of two hide the other without a word.
    if ((homes.get(name) ?? from) !== from)
      throw new Error(`${door} has ${name} of ${from} and ${homes.get(name)}`);
    homes.set(name, from);
  }
  const has = new Set(exported.map(([from, name]) => `${from} ${name}`));
  for (const [from, name] of exported) {
    const { declared, imported } = read(from);
    for (const [word] of bare(declared.get(name) ?? "").matchAll(/\b[A-Z]\w*\b/g)) {
      const home = declared.has(word) ? from : imported.get(word);
      if (home === undefined || has.has(`${home} ${word}`)) continue;
      throw new Error(`${door} exports ${name}, which mentions ${word} of ${home}, but not ${word}`);
    }
  }
}

/** Without texts, in which any word may stand. */
function bare(text) {
  return text.replace(/"[^"\n]*"/g, '""');
}

/** Module and name of everything that an entry file exports. */
function exportsOf(folder, entry) {
  const text = readFileSync(join(folder, `${entry}.d.ts`), "utf8");
  const lists = [...text.matchAll(/export (?:type )?\{([^}]*)\} from "\.\/([^"]+)\.(?:js|ts)";/g)];
  const whole = [...text.matchAll(/export (?:type )?\* from "\.\/([^"]+)\.(?:js|ts)";/g)];
  const own = [...text.matchAll(/^export (?:declare )?(?:function|const|class|interface|type) (\w+)/gm)];
  return [
    ...own.map(([, name]) => [entry, name]),
    ...lists.flatMap(([, list, from]) => namesIn(list).map((name) => [from, name])),
    ...whole.flatMap(([, from]) => exportsOf(folder, from)),
  ];
}

/** tsc puts every declaration at the start of a line and indents what belongs to it. */
function readModule(folder, from) {
  const text = readFileSync(join(folder, `${from}.d.ts`), "utf8");
  const declared = new Map();
  for (const each of text.split(/^(?=export |declare |import |interface |type )/m)) {
    const name = /^(?:export )?(?:declare )?(?:abstract )?(?:function|const|class|interface|type) (\w+)/.exec(
      each,
    )?.[1];
    if (name === undefined) continue;
    const before = declared.get(name);
    declared.set(name, before === undefined ? each.trimEnd() : `${before}\n${each.trimEnd()}`);
  }
  const imported = new Map();
  for (const [, list, path] of text.matchAll(/import (?:type )?\{([^}]*)\} from "([^"]+)\.(?:js|ts)";/g)) {
    for (const name of namesIn(list)) imported.set(name, join(dirname(from), path));
  }
  return { declared, imported };
}

function namesIn(list) {
  return list
    .split(",")
    .map((name) => name.trim().replace(/^type /, ""))
    .filter(Boolean);
}

function byFirst([one], [other]) {
  return one < other ? -1 : 1;
}
