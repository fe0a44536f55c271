// Builds what the package ships: dist/cli (the bundled files of the binary), dist/lib (the library), dist/schema.
// `--cli` builds the binary alone, in a tenth of a second; `--library <folder>` the library alone, into that folder.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transformSync } from "esbuild";
import { bundle } from "./bundle.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const cliOnly = process.argv.includes("--cli");
const [, libraryOnly] = process.argv.slice(process.argv.indexOf("--library") >>> 0);

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
  removeUnreached(join(root, "dist/lib"), ["index", "errors", "proxy", "store"]);
  execFileSync(process.execPath, [".ci/docs.mjs", "--manual"], { cwd: root, stdio: "inherit" });
}

async function bundleBinary() {
  const packaged = { CODEX_AUTH_VERSION: version };
  const whole = await bundle("src/main.ts", "dist/cli/program.cjs", packaged);
  const builds = { program: hashOf("dist/cli/program.cjs") };
  const daily = await bundle("src/daily.ts", "dist/cli/daily.cjs", packaged);
  builds.daily = hashOf("dist/cli/daily.cjs");
  await bundle("src/general-help.ts", "dist/cli/general.cjs", packaged);
  const words = { CODEX_AUTH_WORDS: await commandWords(packaged) };
  await bundle("src/complete.ts", "dist/cli/complete.cjs", words);
  await bundle("src/offer.ts", "dist/cli/offer.cjs", words);
  await bundle("src/start.ts", "dist/cli/start.cjs", { ...packaged, CODEX_AUTH_BUILDS: builds });
  const inputs = [whole, daily].flatMap(({ metafile }) => Object.keys(metafile.inputs));
  writeFileSync(join(root, "dist/cli/THIRD-PARTY-NOTICES.txt"), notices(inputs));
}

/** The words that TAB offers are read from the commands now, so that TAB has to load none. */
async function commandWords(constants) {
  const file = join(root, `dist/cli/words-${process.pid}.cjs`);
  await bundle("src/completion-words.ts", file, constants);
  const words = await createRequire(import.meta.url)(file).allWords();
  rmSync(file);
  // As texts: of all the commands one is asked about.
  return Object.fromEntries(Object.entries(words).map(([name, each]) => [name, JSON.stringify(each)]));
}

/** The programs have different names in the cache of compiled code. */
function hashOf(file) {
  const text = readFileSync(join(root, file));
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
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
  const made = join(folder, `codex-${process.pid}`);
  symlinkSync("../../bin/codex", made);
  renameSync(made, join(folder, "codex"));
  for (const name of ["codex", "codex-auth"]) chmodSync(join(root, "bin", name), 0o755);
}

async function buildLibrary(folder) {
  const tsc = createRequire(import.meta.url).resolve("typescript/package.json");
  const { bin } = JSON.parse(readFileSync(tsc, "utf8"));
  const options = ["-p", ".ci/tsconfig.lib.json", "--outDir", folder];
  execFileSync(process.execPath, [join(dirname(tsc), bin.tsc), ...options], { cwd: root, stdio: "inherit" });
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }))
    if (name.endsWith(".js")) dropComments(join(folder, name));
  await joinErrors(join(folder, "errors.js"));
}

/** Who reads the library's documentation reads it in the declarations; here it would be a tenth of the package. */
function dropComments(path) {
  const { code } = transformSync(readFileSync(path, "utf8"), { format: "esm", target: "node20" });
  writeFileSync(path, code);
}

/** The command line's own modules are compiled on the way; nobody can import them, so they are not shipped. */
function removeUnreached(folder, entries) {
  const reached = new Set();
  const waiting = entries.flatMap((name) => [`${name}.js`, `${name}.d.ts`]);
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    const text = readFileSync(join(folder, file), "utf8");
    for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
      const path = join(dirname(file), target);
      waiting.push(file.endsWith(".d.ts") ? path.replace(/\.(?:js|ts)$/, ".d.ts") : path);
    }
  }
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(?:js|d\.ts)$/.test(name),
  );
  for (const name of all) if (!reached.has(name)) rmSync(join(folder, name));
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
  const { openApiDocument } = await import(join(root, "dist/lib/gateway/admin/openapi.js"));
  const openApi = JSON.stringify(openApiDocument(version), null, 2);
  writeFileSync(join(root, "dist/schema/gateway.openapi.json"), openApi + "\n");
}
