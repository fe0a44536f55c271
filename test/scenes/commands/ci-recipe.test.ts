import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { usageBody } from "../../support/openai/usage.ts";
import { projectRoot, runProcess, TestHome } from "../../support/home.ts";
import { RenewalScene } from "../../support/renewals.ts";

/** The lines of `run: |` below a step of this name in docs/ci.md. */
function stepOf(name: string): string {
  const page = readFileSync(join(projectRoot, "docs/ci.md"), "utf8");
  const [, step = ""] = page.split(`- name: ${name}\n`);
  const lines = step.split("\n").slice(1);
  return lines
    .slice(
      0,
      lines.findIndex((line) => !line.startsWith("    ")),
    )
    .map((line) => line.trim())
    .join("\n");
}

test.each([
  [100, 1],
  [50, 0],
])(
  "the gate of docs/ci.md, on a fresh runner with a lease of which %s %% is used, ends with %s",
  async (used, code) => {
    const pool = await RenewalScene.open(["a"], { expiresInSec: 86_400 });
    pool.fake.usage.answer("acct-a", { status: 200, body: usageBody({ primary: 1, secondary: used }) });
    const lease = await pool.succeed(["export", "1", "--lease"]);
    const runner = new TestHome();
    const script = `set -e\n${stepOf("Take the lease")}\n${stepOf("Stop here when too little is left")}\n`;
    expect(script).toContain("guard --live");
    const path = `${projectRoot}/bin:${process.env["PATH"]}`;
    const env = {
      ...runner.env,
      ...pool.env,
      PATH: path,
      CODEX_HOME: runner.file("codex"),
      CODEX_LEASE: lease.stdout,
    };
    const finished = await runProcess("sh", ["-c", script], { env });
    expect([finished.code, finished.stdout]).toEqual([
      code,
      expect.stringMatching(/week window|does not have 20 %/),
    ]);
  },
);
