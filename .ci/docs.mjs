// Writes docs/errors.md from the catalog.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: [".ci/errors-page.ts"],
  bundle: true,
  format: "esm",
  write: false,
});
const code = Buffer.from(outputFiles[0].contents).toString("base64");
const { errorsPage } = await import(`data:text/javascript;base64,${code}`);
mkdirSync(join(root, "docs"), { recursive: true });
writeFileSync(join(root, "docs/errors.md"), errorsPage());
