// npm run release -- <version>: moves "Unreleased" of CHANGELOG.md to that version, sets it in package.json and the lock
// file, builds, and checks the package as npm would publish it. Commits and publishes nothing.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [version, date = new Date().toISOString().slice(0, 10)] = process.argv.slice(2);

if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version ?? "")) fail("Which version? npm run release -- 1.2.3");
if (run("git", ["status", "--porcelain"]).trim() !== "") fail("Commit or put away your changes first.");

const changelog = readFileSync(join(root, "CHANGELOG.md"), "utf8");
const [, unreleased = ""] = /^## Unreleased\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(changelog) ?? [];
if (unreleased.trim() === "") fail('CHANGELOG.md says nothing under "## Unreleased".');
if (changelog.includes(`## ${version} `)) fail(`CHANGELOG.md has ${version} already.`);

writeFileSync(
  join(root, "CHANGELOG.md"),
  changelog.replace("## Unreleased\n", `## Unreleased\n\n## ${version} (${date})\n`),
);
run("npm", ["version", version, "--no-git-tag-version", "--allow-same-version"]);
run("npm", ["run", "build"]);
run("npm", ["run", "check"]);
run("npx", ["vitest", "run", "-c", ".ci/vitest.config.ts", "test/package.test.ts", "test/docs.test.ts"]);
process.stdout.write(`${run("npm", ["pack", "--dry-run", "--ignore-scripts"])}\n`);
process.stdout.write(
  `Ready. Look at git diff, then: git commit -am "Release ${version}" && git tag v${version}\n`,
);

function run(program, args) {
  return execFileSync(program, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
