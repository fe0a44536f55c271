import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot, runProcess, TestHome } from "../support/home.ts";

const canMap = process.getuid?.() === 0 && spawnSync("unshare", ["-r", "true"]).status === 0;
const why = canMap ? "" : " (skipped: only root can give a file to a user outside the map)";

// The advice was to chmod, which changes nothing there.
test.skipIf(why)(`a container whose uid map leaves the owner of the home out is told so${why}`, async () => {
  const home = new TestHome();
  const codexHome = join(home.path, "of-ada");
  mkdirSync(codexHome);
  chownSync(codexHome, 4711, 4711);
  chmodSync(codexHome, 0o700);
  const words = ["-r", join(projectRoot, "bin/codex-auth"), "doctor", "--only", "environment", "--json"];
  const env = { ...home.env, CODEX_HOME: codexHome };
  const { stdout } = await runProcess("unshare", words, { env });
  const { findings } = JSON.parse(stdout) as { findings: { id: string; fix: string; evidence: string[] }[] };
  expect(findings.find(({ id }) => id === "codex_home_unusable")).toMatchObject({
    fix: expect.stringContaining("--userns=keep-id"),
    evidence: ["its owner is not in the uid map of this container"],
  });
});
