// Runs a TypeScript module of this checkout in a plain Node script.
import { dirname, join } from "node:path";
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Each module finds its own place, not that of the bundle. */
const ownUrls = {
  name: "own-urls",
  setup({ onLoad }) {
    onLoad({ filter: /\.m?[jt]s$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll(
        "import.meta.url",
        JSON.stringify(pathToFileURL(path).href),
      ),
      loader: path.endsWith("ts") ? "ts" : "js",
    }));
  },
};

/** A module and all that it imports, by way of a file: Node's own modules are not found from a data: URL. */
export async function load(entry) {
  const outfile = join(root, "node_modules/.cache/docs", `${entry.replaceAll("/", "-")}.mjs`);
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    define: { CODEX_AUTH_VERSION: JSON.stringify(version) },
    outfile,
    plugins: [ownUrls],
    logLevel: "warning",
  });
  return await import(pathToFileURL(outfile).href);
}
