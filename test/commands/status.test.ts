import { expect, test } from "vitest";
import type { CodexProcess } from "../../src/machine/codex-processes.ts";
import { runFake } from "../support/fake-context.ts";
import { TestHome, threeLogins } from "../support/home.ts";

// On Linux each look opens a file of everything that runs.
test("status looks once at what runs, and tells of it in the report and as a finding", async () => {
  const home = new TestHome();
  home.writeLogins(threeLogins);
  await runFake(home, ["import", home.file("logins")]);
  await runFake(home, ["switch", "2"]);
  let looks = 0;
  const codex: CodexProcess = { pid: 77, kind: "session", startedAt: "2026-11-01T00:00:00.000Z" };
  const processes = () => {
    looks += 1;
    return [codex];
  };
  const { stdout } = await runFake(home, ["status", "--json"], { processes });
  const report = JSON.parse(stdout) as { processes: object[]; findings: { message: string }[] };
  expect(report.processes).toMatchObject([{ pid: 77 }]);
  expect(report.findings.map(({ message }) => message).join("\n")).toContain("77");
  expect(looks).toBe(1);
});
