// How src becomes the files of the binary. A test looks at what is in them.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

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

/**
 * esbuild escapes what is not ASCII in strings, and leaves it in regular expressions. The program is read as Latin-1, which
 * is quicker: there, a `■` that is no escape would be three other characters.
 */
function toAscii(text) {
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return text.replace(/[^\0-\x7f]/g, escaped);
}

/** For every file that imports node:fs esbuild makes a copy of it, with a getter for each of its hundred names. */
function withoutCopies(text) {
  return text.replaceAll(/=[\w$]+\(require\("node:fs"\)(?:,1)?\)(?=[,;])/g, '=require("node:fs")');
}

/**
 * Writes one file with everything that `entry` imports, and tells what is in it. The file is there whole or not at all:
 * Node runs an empty one without a word, and tests may run it while others build it anew.
 */
export async function bundle(entry, outfile, constants) {
  const built = await build({
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
    // Rarely needed and as large as the rest: zod when the gateway runs. The
    // drivers of databases are installed by who needs them.
    external: ["libsql", "pg", "zod"],
    // start.ts runs the program through vm.Script, where import() has no loader: require() does the same.
    supported: { "dynamic-import": false },
    plugins: [withoutSubprograms, openFromPackages],
    define: Object.fromEntries(Object.entries(constants).map(([name, text]) => [name, JSON.stringify(text)])),
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  const path = resolve(root, outfile);
  const [{ text }] = built.outputFiles;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, toAscii(withoutCopies(text)));
  renameSync(`${path}.${process.pid}`, path);
  return built;
}
