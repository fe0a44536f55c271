import { closeSync, ftruncateSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { CommandWorker } from "../../support/command-worker.ts";
import { homeWithThree, type TestHome } from "../../support/home.ts";

const name = "sessions/2026/11/20/rollout-2026-11-20T09-00-00-endless.jsonl";

/** Zeros that take no room on the disk. */
function writeEndless(home: TestHome, megabytes: number): void {
  mkdirSync(dirname(home.file(name)), { recursive: true });
  const fd = openSync(home.file(name), "w");
  ftruncateSync(fd, megabytes * 1024 * 1024);
  closeSync(fd);
}

// It was 1.3 GB, because the line was kept until its end would come.
test("a session log with one line of 400 MB takes no memory of its size, and doctor names it", async () => {
  const home = await homeWithThree();
  const worker = new CommandWorker();
  const { peakMb: before } = await worker.run(home, "report");
  writeEndless(home, 400);
  for (const line of ["forecast", "report", "guard --allow-unknown"]) {
    const { code, peakMb } = await worker.run(home, line);
    expect([line, code, peakMb - before < 200]).toEqual([line, 0, true]);
  }
  const { stdout, peakMb } = await worker.run(home, "doctor --json");
  const { findings } = JSON.parse(stdout) as { findings: { id: string; message: string }[] };
  const found = findings.find(({ id }) => id === "session_log_endless");
  expect([found?.message, peakMb - before < 200]).toEqual([expect.stringContaining(home.file(name)), true]);
});

test("a large log of whole lines is no finding", async () => {
  const home = await homeWithThree();
  home.write(name, `${"x".repeat(1024 * 1024)}\n`.repeat(70));
  const { stdout } = await new CommandWorker().run(home, "doctor --json");
  const { findings } = JSON.parse(stdout) as { findings: { id: string }[] };
  expect(findings.map(({ id }) => id)).not.toContain("session_log_endless");
});
