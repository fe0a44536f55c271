// Writes docs/errors.md from the catalog, and docs/troubleshooting.md from the checks and explanations.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
mkdirSync(join(root, "docs"), { recursive: true });
const { errorsPage } = await load(".ci/errors-page.ts");
writeFileSync(join(root, "docs/errors.md"), errorsPage());
const { troubleshootingPage } = await load(".ci/troubleshooting-page.ts");
writeFileSync(join(root, "docs/troubleshooting.md"), troubleshootingPage());

/** A TypeScript module and all that it imports, by way of a file: Node's own modules are not found from a data: URL. */
async function load(entry) {
  const outfile = join(root, "node_modules/.cache/docs", `${entry.replaceAll("/", "-")}.mjs`);
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    outfile,
    logLevel: "error",
  });
  return await import(pathToFileURL(outfile).href);
}
