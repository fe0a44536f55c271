import { renameSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { projectRoot } from "./home.ts";

/** A program of test/support as one file that plain Node runs; it lies where the project's packages are found. */
export function workerScript(name: string): string {
  const script = join(projectRoot, "node_modules/.cache/test-workers", `${name}.mjs`);
  const outfile = `${script}.${process.pid}.mjs`;
  buildSync({
    entryPoints: [join(projectRoot, "test/support", `${name}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  // In one step: a worker that reads it half written does nothing, and ends as if all were well.
  renameSync(outfile, script);
  return script;
}
