import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commands } from "../src/commands/index.ts";
import { projectRoot } from "./support/home.ts";

interface Packed {
  size: number;
  files: { path: string; mode: number }[];
}

/** What npm would publish. `npm install` has built it. */
function pack(): Packed {
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts", "--offline"];
  const stdout = execFileSync("npm", args, { cwd: projectRoot, stdio: ["ignore", "pipe", "ignore"] });
  const [packed] = JSON.parse(stdout.toString()) as Packed[];
  if (!packed) throw new Error("npm packed nothing.");
  return packed;
}

const packed = pack();
const paths = packed.files.map(({ path }) => path);

test("the package holds exactly the files of its golden list", () => {
  const other = paths.filter((path) => !path.startsWith("dist/lib/") && !path.startsWith("dist/schema/"));
  const golden = join(projectRoot, "fixtures/package-files.txt");
  const text = `${other.sort().join("\n")}\n`;
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, "utf8"));
});

test("the library in the package is the sources, compiled, with their types", () => {
  const sources = readdirSync(join(projectRoot, "src"), { recursive: true, encoding: "utf8" });
  const modules = sources.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"));
  const known = new Set(modules.flatMap((name) => [".js", ".d.ts"].map((end) => name.replace(/\.ts$/, end))));
  const library = paths.filter((path) => path.startsWith("dist/lib/")).map((path) => path.slice(9));
  expect(library.length).toBeGreaterThan(100);
  expect(library.filter((path) => !known.has(path))).toEqual([]);
});

test("every command, help, version and the API of the gateway have their schema in the package", () => {
  const schemas = paths.filter((path) => path.startsWith("dist/schema/"));
  const names = [...commands.map(({ name }) => name), "help", "version", "gateway.openapi"];
  expect(schemas.sort()).toEqual(names.map((name) => `dist/schema/${name}.json`).sort());
});

test("the package is under 1.5 MB, and its programs may be run", () => {
  expect(packed.size).toBeLessThan(1_500_000);
  const programs = packed.files.filter(({ path }) => path.startsWith("bin/codex"));
  expect(programs.map(({ mode }) => mode & 0o111)).toEqual(programs.map(() => 0o111));
});
