import { buildSync } from "esbuild";
import { join } from "node:path";
import { projectRoot } from "./home.ts";

/** A program of test/support as one file that plain Node runs; it lies where the project's packages are found. */
export function workerScript(name: string): string {
  const outfile = join(projectRoot, "node_modules/.cache/test-workers", `${name}.mjs`);
  buildSync({
    entryPoints: [join(projectRoot, "test/support", `${name}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  return outfile;
}
