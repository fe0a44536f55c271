// Where the real Codex lives for the end-to-end tests, and how it gets there.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Every Codex that is tried, the newest first: the one list of them. */
export const versions = ["0.171.0", "0.169.0", "0.63.0"];

/** Those with the configuration, the databases and the protocol of today. */
export const modern = versions.filter((version) => Number(version.split(".")[1]) >= 169);

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A folder with one npm prefix for each version. */
export function cacheFolder() {
  return process.env.CODEX_AUTH_E2E_CACHE ?? join(root, "node_modules/.cache/codex");
}

/** The native program: the script around it only adds a process. */
export function binaryIn(prefix) {
  const packages = join(prefix, "node_modules/@openai");
  const platform = `${process.platform}-${process.arch}`;
  const places = [
    join(packages, `codex-${platform}/vendor`, triple(), "bin/codex"),
    join(packages, "codex/vendor", triple(), "codex/codex"),
  ];
  return places.find((place) => existsSync(place));
}

function triple() {
  const machine = { x64: "x86_64", arm64: "aarch64" }[process.arch] ?? process.arch;
  return process.platform === "darwin" ? `${machine}-apple-darwin` : `${machine}-unknown-linux-musl`;
}

/** Installs a version unless it is there. */
export function install(version) {
  const prefix = join(cacheFolder(), version);
  if (binaryIn(prefix)) return;
  console.log(`Installing @openai/codex ${version} into ${prefix} (once, up to 400 MB) …`);
  installOnce(prefix, [`@openai/codex@${version}`, "--ignore-scripts"]);
  if (binaryIn(prefix)) return;
  rmSync(prefix, { recursive: true, force: true });
  throw new Error(`@openai/codex ${version} has no program for this machine.`);
}

/** The other Node versions that the package promises to run on. */
export const otherNodes = ["22", "24"];

export function nodeIn(major) {
  return join(cacheFolder(), `node-${major}`, "node_modules/node/bin/node");
}

export function installNode(major) {
  if (!existsSync(nodeIn(major))) installOnce(join(cacheFolder(), `node-${major}`), [`node@${major}`]);
}

/** Client libraries that people use with the gateway, each at the version that was tried. They need Node 22. */
const clientPackages = [
  "openai@7.59.0",
  "ai@7.0.173",
  "@ai-sdk/openai@4.0.118",
  "@ai-sdk/openai-compatible@3.0.92",
  "@langchain/openai@1.6.0",
  "@langchain/core@1.4.0",
];

const openCode = `opencode-${process.platform}-${process.arch}@1.18.33`;

function openCodeFolder() {
  return join(cacheFolder(), "opencode");
}

/** The program of OpenCode itself; undefined where it could not be had. */
export function openCodeBinary() {
  const [name] = openCode.split("@");
  return [join(openCodeFolder(), "node_modules", name, "bin/opencode")].find((path) => existsSync(path));
}

export function clientsFolder() {
  return join(cacheFolder(), "gateway-clients");
}

export function hasClients() {
  return existsSync(join(clientsFolder(), "node_modules/openai")) && existsSync(nodeIn("22"));
}

/** Where they cannot be had their tests are skipped, and counted as such. */
export function installClients() {
  if (!hasClients()) tryInstall("the client libraries of the gateway", clientsFolder(), clientPackages);
  if (!openCodeBinary()) tryInstall("OpenCode", openCodeFolder(), [openCode, "--ignore-scripts"]);
}

function tryInstall(what, folder, packages) {
  try {
    installOnce(folder, packages);
  } catch (error) {
    console.error(`SKIPPED: ${what} cannot be installed (${error.message}).`);
  }
}

/** Where our own package is installed globally, beside @openai/codex, as a person would. */
export function packagePrefix() {
  return join(cacheFolder(), "global");
}

/** Builds and packs this checkout and installs what npm would publish; the real Codex goes there first. */
export function installPackage() {
  npm(["run", "build"]);
  const prefix = packagePrefix();
  mkdirSync(prefix, { recursive: true });
  const globally = ["install", "--global", "--prefix", prefix, "--prefer-offline", ...quiet];
  if (installedVersion(prefix) !== versions[0]) npm([...globally, `@openai/codex@${versions[0]}`]);
  npm(["pack", "--ignore-scripts", "--pack-destination", prefix, "--loglevel=error"]);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  npm([...globally, join(prefix, `codex-auth-${version}.tgz`)]);
}

function installedVersion(prefix) {
  const manifest = join(prefix, "lib/node_modules/@openai/codex/package.json");
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")).version : undefined;
}

const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];

/** A broken download leaves nothing that looks like an installation. */
function installOnce(prefix, packages) {
  const partial = `${prefix}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(partial, "package.json"), '{ "private": true }\n');
  npm(["install", "--prefix", partial, "--no-save", ...quiet, ...packages]);
  rmSync(prefix, { recursive: true, force: true });
  renameSync(partial, prefix);
}

/** Without the caller's own npm settings: an inherited prefix wins over `--prefix` and would install for the whole machine. */
function npm(args) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_config_(prefix|global|local_prefix)/i.test(name)),
  );
  execFileSync("npm", args, { cwd: root, env, stdio: ["ignore", "ignore", "inherit"] });
}
