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

/** Every export of src/index.ts with its declaration, without comments, sorted by module and name. */
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
  const wanted = exportsOf(folder).flatMap(([from, names]) => names.map((name) => [from, name]));
  const found = new Map();
  // Types that an export mentions belong to it, though nobody can import them.
  for (const [from, name] of wanted) {
    if (!modules.has(from)) modules.set(from, readModule(folder, from));
    const { declared, imported } = modules.get(from);
    const text = declared.get(name);
    if (text === undefined) throw new Error(`${from} does not declare ${name}`);
    if (found.get(from)?.has(name)) continue;
    found.set(from, new Map([...(found.get(from) ?? []), [name, text]]));
    for (const [word] of text.matchAll(/\b[A-Za-z]\w*\b/g)) {
      if (declared.has(word)) wanted.push([from, word]);
      else if (imported.has(word)) wanted.push([imported.get(word), word]);
    }
  }
  const parts = [...found].sort(byFirst);
  return parts
    .map(
      ([from, texts]) =>
        `// ${from}\n${[...texts]
          .sort(byFirst)
          .map(([, text]) => text)
          .join("\n")}\n`,
    )
    .join("\n");
}

function exportsOf(folder) {
  const index = readFileSync(join(folder, "index.d.ts"), "utf8");
  const lists = [...index.matchAll(/export (?:type )?\{([^}]*)\} from "\.\/([^"]+)\.(?:js|ts)";/g)];
  return lists.map(([, list, from]) => [from, namesIn(list)]);
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
