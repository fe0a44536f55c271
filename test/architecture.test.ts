import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "./support/home.ts";

const src = join(projectRoot, "src");

/** Folder -> the folders it may import besides itself, and the Node modules and packages it may use. */
const rules: Record<string, { folders: string; modules: string }> = {
  text: { folders: "", modules: "" },
  errors: { folders: "", modules: "" },
  quota: { folders: "", modules: "" },
  codex: { folders: "", modules: "smol-toml" },
  compat: { folders: "", modules: "" },
  interchange: { folders: "codex", modules: "" },
  budget: { folders: "", modules: "" },
  chat: { folders: "", modules: "zod" },
  database: { folders: "store pool machine quota codex", modules: "node:timers/promises" },
  machine: { folders: "codex", modules: "node:fs node:path node:os node:crypto node:child_process" },
  pool: { folders: "codex machine quota", modules: "" },
  openai: { folders: "quota codex", modules: "" },
  sessions: { folders: "machine quota", modules: "node:fs node:path" },
  ui: { folders: "quota", modules: "chalk" },
  store: {
    folders: "pool machine quota codex",
    modules: "node:fs node:path node:os node:child_process proper-lockfile",
  },
  auth: { folders: "store pool openai machine quota codex", modules: "node:http node:crypto" },
  proxy: {
    folders: "auth store pool quota openai compat machine codex",
    modules: "node:http node:https node:crypto",
  },
  gateway: {
    folders: "chat database budget proxy auth store pool ui openai machine quota",
    modules: "node:http node:perf_hooks node:timers/promises node:zlib fzstd zod",
  },
  doctor: {
    folders: "auth store pool machine sessions openai interchange quota codex database",
    modules: "node:path",
  },
  program: { folders: "store pool ui machine quota", modules: "commander" },
  reports: {
    folders: "program ui doctor auth store pool machine quota sessions openai codex",
    modules: "",
  },
  process: {
    folders: "program database auth store machine openai codex",
    modules: [
      "node:child_process node:fs node:http node:https node:os node:readline/promises",
      "node:stream node:tls node:tty libsql open pg",
    ].join(" "),
  },
  commands: {
    folders: [
      "program reports ui doctor gateway proxy auth store pool machine sessions openai",
      "interchange compat database budget quota codex",
    ].join(" "),
    modules: "node:path",
  },
};

/** May be imported from everywhere: they import nothing themselves. */
const openToAll = new Set(["text", "errors"]);

/** Rooms that know nothing of the effects a command gets. */
const withoutContext =
  "text errors quota codex compat interchange budget chat database machine pool openai sessions".split(" ");

/** A Node module that one file of its folder may use and the others may not. */
const exceptions: Record<string, string[]> = {
  "commands/report/page-door.ts": ["node:crypto", "node:http"],
  "interchange/bundle.ts": ["node:crypto"],
  "machine/engine-flags.ts": ["node:v8"],
  "text/sealed-bytes.ts": ["node:crypto"],
};

/** Files of src itself are composition roots: they may import everything. */
const rootFiles = new Set(
  "context.ts index.ts errors.ts proxy.ts store.ts main.ts daily.ts general-help.ts complete.ts offer.ts completion-words.ts start.ts documents.ts document-types.ts version.d.ts".split(
    " ",
  ),
);

interface Import {
  file: string;
  target: string;
  isType: boolean;
  /** When the line is reached, not when the module is loaded. */
  isLazy: boolean;
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
    isLazy: match[3] !== undefined,
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
  if (!target.startsWith("."))
    return isType || rule.modules.split(" ").includes(target) || (exceptions[file] ?? []).includes(target);
  const path = relative(src, resolve(src, dirname(file), target));
  if (path === "context.ts") return isType && !withoutContext.includes(folder);
  const imported = folderOf(path);
  return imported === folder || openToAll.has(imported) || rule.folders.split(" ").includes(imported);
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

test("a gateway that only passes requests on never loads zod, which takes more memory than the gateway", () => {
  const loaded = new Set(["gateway/gateway.ts"]);
  const packages = new Set<string>();
  for (const file of loaded) {
    for (const { target, isType, isLazy } of importsOf(file)) {
      if (isType || isLazy) continue;
      if (target.startsWith(".")) loaded.add(relative(src, resolve(src, dirname(file), target)));
      else packages.add(target);
    }
  }
  expect(loaded.size).toBeGreaterThan(80);
  expect(packages).toContain("node:http");
  expect(packages).not.toContain("zod");
});

test("every command has a row in the table of contents", () => {
  const tables = new Set(["contents.ts", "index.ts", "hooks.ts", "overview.ts"]);
  const table = readFileSync(join(src, "commands/index.ts"), "utf8");
  const commands = readdirSync(join(src, "commands")).filter((name) => !tables.has(name));
  expect(commands.length).toBeGreaterThan(8);
  const isListed = (name: string) =>
    table.includes(`import("./${name}")`) || table.includes(`import("./${name}/${name}.ts")`);
  expect(commands.filter((name) => !isListed(name))).toEqual([]);
});

test("what a command alone needs is imported from its own folder only", () => {
  const strangers = files.flatMap(importsOf).filter(({ file, target }) => {
    const path = relative(src, resolve(src, dirname(file), target));
    const [, folder] = /^commands\/([^/]+)\//.exec(path) ?? [];
    return (
      folder !== undefined && !/^commands\/index\.ts$/.test(file) && !file.startsWith(`commands/${folder}/`)
    );
  });
  expect(strangers.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

/** What changes a file system, in any form that node:fs has. */
const writing =
  /\b(?:writeSync|writeFileSync|appendFileSync|renameSync|unlinkSync|mkdirSync|mkdtempSync|rmSync|rmdirSync|chmodSync|fchmodSync|chownSync|linkSync|symlinkSync|copyFileSync|cpSync|ftruncateSync|truncateSync|utimesSync)\b/;

/** Outside of store/, with the reason. */
const writers: Record<string, string> = {
  "machine/file-system.ts": "names what the store is handed",
  "process/streams.ts": "standard output is a file",
};

test("only store/ writes files", () => {
  const found = files.filter((file) => writing.test(codeOf(file)) && !file.startsWith("store/"));
  expect(found.filter((file) => !(file in writers))).toEqual([]);
  expect(Object.keys(writers).filter((file) => !found.includes(file))).toEqual([]);
});

/** With the reason why one list is easier to read than several folders. */
const largeFolders: Record<string, string> = {
  commands: "one command a file",
  "doctor/checks": "one subject a file",
};

test("no folder has more than 15 files", () => {
  const folders = new Map<string, number>();
  for (const file of files) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
  const large = [...folders].filter(([, count]) => count > 15).map(([folder]) => folder);
  expect(large.sort()).toEqual(Object.keys(largeFolders).sort());
});

/**
 * `test/pool/adopt.test.ts` tests `src/pool/adopt.ts`; another subject of the same file has it in its name, as
 * `adopt.ties.test.ts`. What takes several sources to happen is told in `test/scenes`.
 */
test("a test stands where its source stands", () => {
  const isOf = (test: string) => {
    const name = test.replace(/(?:\.[\w-]+)*\.test\.ts$/, "");
    return files.includes(`${name}.ts`);
  };
  const apart = /^(?:scenes|e2e|support|bench)\//;
  const tests = readdirSync(join(projectRoot, "test"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".test.ts"),
  );
  expect(tests.length).toBeGreaterThan(150);
  const own = tests.filter((name) => !apart.test(name) && name.includes("/"));
  expect(own.filter((name) => !isOf(name))).toEqual([]);
});

test("only the outermost files read the process", () => {
  const allowed =
    /^(main|general-help|complete|offer|start)\.ts$|^process\/|^machine\/processes\.ts$|^store\/(files\/code-cache|locks\/lock-helper)\.ts$/;
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
  "machine/file-system.ts": "names what the guard is handed",
  "machine/hash.ts": "/dev/urandom is a device",
  "store/homes/demo-home.ts": "copies what the package ships into a folder that it has just made",
  "store/rehearsal/shadow-files.ts": "opens what the guard was asked for",
  "store/rehearsal/shadow-fs.ts": "names what the guard is handed",
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
  "package.json tsconfig.json bin src test fixtures CHANGELOG.md README.md LICENSE .ci .github",
  "package-lock.json docs .gitignore .editorconfig CONTRIBUTING.md",
  ".git node_modules dist man",
].flatMap((line) => line.split(" "));

test("the top level is what it is meant to be", () => {
  const found = readdirSync(projectRoot).filter((name) => !name.endsWith(".tgz"));
  expect(topLevel.slice(0, 16).filter((name) => !found.includes(name))).toEqual([]);
  expect(found.filter((name) => !topLevel.includes(name))).toEqual([]);
});
