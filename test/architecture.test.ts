import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "./support/home.ts";

const src = join(projectRoot, "src");

/** What commands are made of. */
const belowCli =
  "database proxy helpers repair ui auth upstream store sessions interchange codex accounts errors machine".split(
    " ",
  );

/** Folder -> the folders it may import besides itself, and the Node modules and packages it may use. */
const rules: Record<string, { folders: string[]; modules: string[] }> = {
  errors: { folders: [], modules: [] },
  accounts: { folders: ["errors"], modules: [] },
  codex: { folders: ["errors"], modules: ["smol-toml"] },
  ui: { folders: ["accounts", "errors"], modules: ["chalk", "cli-table3"] },
  machine: { folders: [], modules: ["node:fs"] },
  store: {
    folders: ["machine", "codex", "accounts", "errors"],
    modules: ["node:fs", "node:path", "node:os", "node:crypto", "node:child_process", "proper-lockfile"],
  },
  sessions: { folders: ["machine", "accounts", "errors"], modules: ["node:fs", "node:path"] },
  interchange: { folders: ["codex", "accounts", "errors"], modules: [] },
  helpers: { folders: ["accounts", "errors"], modules: [] },
  budget: { folders: ["errors"], modules: [] },
  database: { folders: ["errors"], modules: ["node:timers/promises"] },
  chat: { folders: ["errors"], modules: ["zod"] },
  gateway: {
    folders: ["chat", "database", "budget", "proxy", "auth", "store", "upstream", "accounts", "errors"],
    modules: ["node:http", "node:timers/promises", "node:zlib", "fzstd", "zod"],
  },
  upstream: { folders: ["accounts", "errors"], modules: [] },
  auth: {
    folders: ["upstream", "store", "codex", "accounts", "errors"],
    modules: ["node:http", "node:crypto"],
  },
  repair: {
    folders: ["auth", "upstream", "store", "sessions", "interchange", "codex", "accounts", "errors"],
    modules: [],
  },
  proxy: {
    folders: ["auth", "upstream", "store", "accounts", "errors"],
    modules: ["node:http", "node:https", "node:crypto"],
  },
  cli: {
    folders: belowCli,
    modules: ["commander", "zod"],
  },
  commands: {
    folders: ["cli", "gateway", "budget", ...belowCli],
    modules: ["commander"],
  },
  platform: {
    folders: ["cli", "database", "auth", "upstream", "store", "machine", "codex", "errors"],
    modules: [
      "node:child_process",
      "node:fs",
      "node:http",
      "node:https",
      "node:os",
      "node:readline/promises",
      "node:stream",
      "node:tls",
      "node:tty",
      "libsql",
      "open",
      "pg",
    ],
  },
};

/** A Node module that one file of its folder may use and the others may not. */
const exceptions: Record<string, string> = { "interchange/sealed-text.ts": "node:crypto" };

/** Files of src itself are composition roots: they may import everything. */
const rootFiles = new Set(
  "index.ts errors.ts proxy.ts store.ts main.ts start.ts documents.ts document-types.ts version.d.ts".split(
    " ",
  ),
);

interface Import {
  file: string;
  target: string;
  isType: boolean;
}

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), "utf8");
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s(type\s)?[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)|getBuiltinModule\("([^"]+)"\)/g;
  return [...text.matchAll(pattern)].map((match) => ({
    file,
    target: match[2] ?? match[3] ?? match[4] ?? "",
    isType: match[1] !== undefined,
  }));
}

function folderOf(file: string): string {
  return file.includes("/") ? (file.split("/")[0] ?? "") : "";
}

function isAllowed({ file, target, isType }: Import): boolean {
  const folder = folderOf(file);
  if (folder === "") return true;
  const rule = rules[folder];
  if (!rule) return false;
  if (!target.startsWith(".")) return isType || rule.modules.includes(target) || exceptions[file] === target;
  const imported = folderOf(relative(src, resolve(src, dirname(file), target)));
  return imported === folder || rule.folders.includes(imported);
}

test("the whole of src is read", () => {
  expect(files.length).toBeGreaterThan(60);
  const known = files.filter((file) => folderOf(file) === "" && !rootFiles.has(file));
  expect(known).toEqual([]);
});

test("imports point down", () => {
  const all = files.flatMap(importsOf);
  expect(all.length).toBeGreaterThan(150);
  const forbidden = all
    .filter((each) => !isAllowed(each))
    .map(({ file, target }) => `${file} imports ${target}`);
  expect(forbidden).toEqual([]);
});

test("no module imports itself through others", () => {
  const edges = new Map(files.map((file) => [file, localImports(file)]));
  const cycles = files.filter((file) => reaches(edges, file));
  expect(cycles).toEqual([]);
});

function localImports(file: string): string[] {
  return importsOf(file)
    .filter(({ target }) => target.startsWith("."))
    .map(({ target }) => relative(src, resolve(src, dirname(file), target)));
}

function reaches(edges: Map<string, string[]>, start: string): boolean {
  const seen = new Set<string>();
  const queue = [...(edges.get(start) ?? [])];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (file === start) return true;
    if (seen.has(file)) continue;
    seen.add(file);
    queue.push(...(edges.get(file) ?? []));
  }
  return false;
}

test("every command has a row in the table of contents", () => {
  const table = readFileSync(join(src, "commands/index.ts"), "utf8");
  const commands = readdirSync(join(src, "commands")).filter((name) => name !== "index.ts");
  expect(commands.length).toBeGreaterThan(8);
  const isListed = (name: string) =>
    table.includes(`import("./${name}")`) || table.includes(`import("./${name}/${name}.ts")`);
  expect(commands.filter((name) => !isListed(name))).toEqual([]);
});

test("only the outermost files read the process", () => {
  const allowed = /^(main|start)\.ts$|^platform\/|^store\/(process-identity|code-cache)\.ts$/;
  const readers = files.filter((file) =>
    /\bprocess\.(env|argv|exit|std|cwd)/.test(readFileSync(join(src, file), "utf8")),
  );
  expect(readers.filter((file) => !allowed.test(file))).toEqual([]);
});

/** What opens a file by its name, in any form that node:fs has. */
const opening =
  /\b(?:readFile|readFileSync|openSync|createReadStream|createWriteStream|writeFile|writeFileSync|appendFile|appendFileSync|copyFile|copyFileSync|cpSync|truncateSync|openAsBlob)\b|\bfs\.(?:open|cp)\b|\bfs\.promises\b|["'](?:node:)?fs\/promises["']/;

/** With the reason why nobody can have put anything else there. */
const openers: Record<string, string> = {
  "machine/guarded-file.ts": "the guard itself",
  "store/file-system.ts": "names what the guard is handed",
  "store/hash.ts": "/dev/urandom is a device",
  "store/demo-home.ts": "copies what the package ships into a folder that it has just made",
  "start.ts": "the program beside it, which Node would load just so",
};

// A pipe at limits.json kept 16 commands waiting for ever, because one reader of twenty did not look what it opened.
test("no module opens a file past the guard, which never waits and never reads without end", () => {
  const found = files.filter((file) => opening.test(codeOf(file)));
  expect(found).toContain("machine/guarded-file.ts");
  expect(found.filter((file) => !(file in openers))).toEqual([]);
  expect(Object.keys(openers).filter((file) => !found.includes(file))).toEqual([]);
});

function codeOf(file: string): string {
  return readFileSync(join(src, file), "utf8").replace(/^\s*(?:\/\/|\/?\*).*$/gm, "");
}

test("no file is longer than 250 lines without a reason at its top", () => {
  const long = files.filter((file) => {
    const lines = readFileSync(join(src, file), "utf8").split("\n");
    return lines.length > 250 && !lines[0]?.startsWith("// Longer than 250 lines");
  });
  expect(long).toEqual([]);
});

/** Those at the end are made here and not committed. */
const topLevel = [
  "package.json tsconfig.json bin src test fixtures CHANGELOG.md README.md LICENSE .ci",
  "package-lock.json docs .gitignore",
  ".git node_modules dist man",
].flatMap((line) => line.split(" "));

test("the top level is what it is meant to be", () => {
  const found = readdirSync(projectRoot).filter((name) => !name.endsWith(".tgz"));
  expect(topLevel.slice(0, 12).filter((name) => !found.includes(name))).toEqual([]);
  expect(found.filter((name) => !topLevel.includes(name))).toEqual([]);
});
