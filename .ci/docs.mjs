// Writes what is told from the code itself: docs/errors.md, docs/commands.md, docs/troubleshooting.md, the tables of
// docs/json.md and docs/library.md, src/document-types.ts and man/codex-auth.1. `--manual` writes the manual page alone.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "./load.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const { commandsPage, manualPage } = await load(".ci/pages.ts");
write("man/codex-auth.1", await manualPage(version));
if (!process.argv.includes("--manual")) {
  const { errorsPage } = await load(".ci/errors-page.ts");
  write("docs/errors.md", errorsPage());
  const { troubleshootingPage } = await load(".ci/troubleshooting-page.ts");
  write("docs/troubleshooting.md", troubleshootingPage());
  write("docs/commands.md", await commandsPage());
  const { documentTypes } = await load(".ci/document-types.ts");
  write("src/document-types.ts", await documentTypes());
  const formatter = join(root, "node_modules/.bin/oxfmt");
  execFileSync(formatter, ["-c", ".ci/oxfmtrc.json", "--write", "src/document-types.ts"], { cwd: root });
  const { libraryPage } = await load(".ci/library-page.ts");
  write("docs/library.md", libraryPage(readFileSync(join(root, "docs/library.md"), "utf8")));
  const { jsonPage } = await load(".ci/json-page.ts");
  write("docs/json.md", await jsonPage(readFileSync(join(root, "docs/json.md"), "utf8")));
}

function write(path, text) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
