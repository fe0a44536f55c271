// Where the real Codex lives for the end-to-end tests, and how it gets there.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const versions = ["0.169.0", "0.63.0"];
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

/** Installs a version unless it is there. A broken download leaves nothing that looks like an installation. */
export function install(version) {
  const prefix = join(cacheFolder(), version);
  if (binaryIn(prefix)) return;
  const partial = `${prefix}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(partial, "package.json"), '{ "private": true }\n');
  console.log(`Installing @openai/codex ${version} into ${prefix} (once, up to 400 MB) …`);
  const flags = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  execFileSync("npm", ["install", "--prefix", partial, ...flags, `@openai/codex@${version}`], {
    stdio: "inherit",
  });
  if (!binaryIn(partial)) throw new Error(`@openai/codex ${version} has no program for this machine.`);
  rmSync(prefix, { recursive: true, force: true });
  renameSync(partial, prefix);
}
