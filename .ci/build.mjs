// Builds what the package ships: dist/cli (one bundled file for the binary), dist/lib (the library), dist/schema.
// `--cli` builds the binary alone, in a tenth of a second; `--library <folder>` the library alone, into that folder.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const cliOnly = process.argv.includes("--cli");
const [, libraryOnly] = process.argv.slice(process.argv.indexOf("--library") >>> 0);

/**
 * commander loads node:child_process, and with it all of Node's network code, for commands that are programs of their
 * own. We have none.
 */
const withoutSubprograms = {
  name: "without-subprograms",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes("/commander/") ? { path: "none", namespace: "empty" } : null,
    );
    onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: "module.exports = {};" }));
  },
};

/**
 * `open` has a script beside it, which it finds by its own place, so it stays in node_modules. It is an ES module:
 * require() gives its namespace, where a bundled import() expects what a CommonJS module exports.
 */
const openFromPackages = {
  name: "open-from-packages",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^open$/ }, ({ namespace }) =>
      namespace === "package" ? { path: "open", external: true } : { path: "open", namespace: "package" },
    );
    onLoad({ filter: /.*/, namespace: "package" }, () => ({
      contents: 'module.exports = require("open").default;',
    }));
  },
};

if (libraryOnly) {
  await buildLibrary(libraryOnly);
  process.exit();
}
if (!cliOnly) rmSync(join(root, "dist"), { recursive: true, force: true });
await bundleBinary();
linkCodexCommand();
if (!cliOnly) {
  await buildLibrary(join(root, "dist/lib"));
  await writeSchemas();
  execFileSync(process.execPath, [".ci/docs.mjs", "--manual"], { cwd: root, stdio: "inherit" });
}

async function bundleBinary() {
  const program = await bundle("src/main.ts", "dist/cli/program.cjs", { CODEX_AUTH_VERSION: version });
  toAscii(join(root, "dist/cli/program.cjs"));
  const hash = createHash("sha256")
    .update(readFileSync(join(root, "dist/cli/program.cjs")))
    .digest("hex");
  await bundle("src/start.ts", "dist/cli/start.cjs", { CODEX_AUTH_BUILD: hash.slice(0, 16) });
  writeFileSync(
    join(root, "dist/cli/THIRD-PARTY-NOTICES.txt"),
    notices(Object.keys(program.metafile.inputs)),
  );
}

/**
 * esbuild escapes what is not ASCII in strings, and leaves it in regular expressions. The program is read as Latin-1, which
 * is quicker: there, a `■` that is no escape would be three other characters.
 */
function toAscii(path) {
  const text = readFileSync(path, "utf8");
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  writeFileSync(path, text.replace(/[^\0-\x7f]/g, escaped));
}

function bundle(entry, outfile, constants) {
  return build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    alias: {
      // proper-lockfile's graceful-fs patches nothing that we need, and costs start-up time.
      "graceful-fs": "node:fs",
      // Its signal-exit loads node:assert and patches process.emit for what takes fifteen lines.
      "signal-exit": join(root, ".ci/on-exit.cjs"),
    },
    // Rarely needed and as large as the rest: cli-table3 when a table is printed, zod when the gateway runs. The
    // drivers of databases are installed by who needs them.
    external: ["cli-table3", "libsql", "pg", "zod"],
    // start.ts runs the program through vm.Script, where import() has no loader: require() does the same.
    supported: { "dynamic-import": false },
    plugins: [withoutSubprograms, openFromPackages],
    define: Object.fromEntries(Object.entries(constants).map(([name, text]) => [name, JSON.stringify(text)])),
    metafile: true,
    logLevel: "warning",
  });
}

/** The licences of every package whose code is inside the bundle. */
function notices(inputs) {
  const names = new Set();
  for (const input of inputs) {
    const found = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) names.add(found[1]);
  }
  const parts = [...names].sort().map((name) => {
    const folder = join(root, "node_modules", name);
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license"].find((each) =>
      existsSync(join(folder, each)),
    );
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Licence: ${manifest.license}`;
    return `${name} ${manifest.version}\n\n${text}\n`;
  });
  return parts.join("\n----------------------------------------\n\n");
}

/**
 * `npx codex auth …` works in a checkout through this link. It is no `bin` of the package, because a second
 * global `codex` would collide with @openai/codex.
 */
function linkCodexCommand() {
  const folder = join(root, "node_modules/.bin");
  if (!existsSync(folder)) return;
  rmSync(join(folder, "codex"), { force: true });
  symlinkSync("../../bin/codex", join(folder, "codex"));
  for (const name of ["codex", "codex-auth"]) chmodSync(join(root, "bin", name), 0o755);
}

async function buildLibrary(folder) {
  const tsc = createRequire(import.meta.url).resolve("typescript/package.json");
  const { bin } = JSON.parse(readFileSync(tsc, "utf8"));
  const options = ["-p", ".ci/tsconfig.lib.json", "--outDir", folder];
  execFileSync(process.execPath, [join(dirname(tsc), bin.tsc), ...options], { cwd: root, stdio: "inherit" });
  await joinErrors(join(folder, "errors.js"));
}

/**
 * `codex-auth/errors` as one file: to open 26 costs a third of what an empty Node costs. The class stays where the rest
 * of the library has it, so that `instanceof` holds for every door.
 */
async function joinErrors(entry) {
  const shared = "./errors/codex-auth-error.js";
  const sharedClass = {
    name: "shared-class",
    setup: ({ onResolve }) =>
      onResolve({ filter: /\/codex-auth-error\.js$/ }, () => ({ path: shared, external: true })),
  };
  await build({
    entryPoints: [entry],
    outfile: entry,
    allowOverwrite: true,
    bundle: true,
    minifyWhitespace: true,
    platform: "node",
    target: "node20",
    format: "esm",
    plugins: [sharedClass],
    logLevel: "warning",
  });
}

async function writeSchemas() {
  const { documentSchemas } = await import(join(root, "dist/lib/documents.js"));
  const { z } = await import("zod");
  mkdirSync(join(root, "dist/schema"), { recursive: true });
  for (const [name, schema] of Object.entries(await documentSchemas())) {
    const text = JSON.stringify(z.toJSONSchema(schema, { io: "input" }), null, 2);
    writeFileSync(join(root, `dist/schema/${name}.json`), text + "\n");
  }
}
