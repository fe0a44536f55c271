import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Copies a CODEX_HOME of the fixtures to a new folder that only this user can read. */
export function copyDemoHome(packageRoot: string): string {
  const folder = mkdtempSync(join(process.getBuiltinModule("node:os").tmpdir(), "codex-auth-demo-"));
  cpSync(join(packageRoot, "fixtures/homes/demo"), folder, { recursive: true });
  return folder;
}

export function removeDemoHome(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
