import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { transformSync } from "esbuild";
import { projectRoot } from "./home.ts";

interface Manifest {
  dependencies: Record<string, string>;
  files: readonly string[];
  bin: Record<string, string>;
}

/** An empty project with the package in it, as npm leaves it: its own library, built anew, and what it depends on. */
export class NpmUser {
  readonly folder = mkdtempSync(join(tmpdir(), "codex-auth-npm-"));

  constructor() {
    const modules = join(this.folder, "node_modules");
    const installed = join(modules, "codex-auth");
    mkdirSync(installed, { recursive: true });
    const manifest = readFileSync(join(projectRoot, "package.json"), "utf8");
    writeFileSync(join(installed, "package.json"), manifest);
    writeFileSync(join(this.folder, "package.json"), JSON.stringify({ type: "module", private: true }));
    const build = [join(projectRoot, ".ci/build.mjs"), "--library", join(installed, "dist/lib")];
    execFileSync(process.execPath, build, { cwd: projectRoot });
    for (const name of ["bin", "dist/cli"])
      cpSync(join(projectRoot, name), join(installed, name), { recursive: true });
    for (const name of Object.keys((JSON.parse(manifest) as Manifest).dependencies))
      symlinkSync(join(projectRoot, "node_modules", name), join(modules, name));
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** What the compiler says against these files; empty where they are right. */
  compile(files: readonly string[], ...options: string[]): string {
    const found = createRequire(import.meta.url).resolve("typescript/package.json");
    const { bin } = JSON.parse(readFileSync(found, "utf8")) as Manifest;
    const strict =
      "--noEmit --pretty false --strict --module nodenext --target es2023 --skipLibCheck false".split(" ");
    const args = [join(dirname(found), bin["tsc"] ?? ""), ...strict, ...options, ...files];
    return spawnSync(process.execPath, args, { cwd: this.folder, encoding: "utf8" }).stdout;
  }

  /** Runs a TypeScript file, and gives its lines. */
  run(file: string, env: Record<string, string>): string[] {
    const { code } = transformSync(readFileSync(file, "utf8"), { loader: "ts", format: "esm" });
    const script = this.write(file.replace(/^.*\//, "").replace(/\.ts$/, ".mjs"), code);
    const ended = spawnSync(process.execPath, [script], { cwd: this.folder, encoding: "utf8", env });
    if (ended.status !== 0) throw new Error(ended.stderr);
    return ended.stdout.split("\n").slice(0, -1);
  }

  /** Every file that a module of the package opens, below its folder. */
  importsOf(name: string): string[] {
    const text = readFileSync(join(this.folder, "node_modules/codex-auth/dist/lib", name), "utf8");
    return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?"([^"]+)"/g)].map(([, from = ""]) => from);
  }

  /** Node's own types, as the dependency of somebody who wants them. */
  addNodeTypes(): void {
    mkdirSync(join(this.folder, "node_modules/@types"), { recursive: true });
    for (const name of ["@types/node", "undici-types"].filter(
      (each) =>
        readdirSync(join(projectRoot, "node_modules", dirname(each) === "." ? "" : dirname(each))).length > 0,
    ))
      symlinkSync(join(projectRoot, "node_modules", name), join(this.folder, "node_modules", name));
  }
}
