import { expect, test } from "vitest";
import { homeWithThree, projectRoot, runProcess, type TestHome } from "../../support/home.ts";

/** What the shell runs in place of $0. */
function runTo(home: TestHome, redirection: string, line: string) {
  const script = `exec ${redirection}; exec "$0" ${line}`;
  const env = { ...home.env, CODEX_AUTH_INVOKED_AS: "codex auth" };
  return runProcess("/bin/sh", ["-c", script, `${projectRoot}/bin/codex-auth`], { env });
}

// With --json the error was to be written to the same full disk, and its stack came out.
test.each([
  "list",
  "list --json",
  "switch 2 --json",
  "--help",
  "--help --json",
  "--version --json",
  "help switch --json",
  "report --html",
  "export 1 --yes",
  "__complete -- sw",
])("%s to a full disk is one line on stderr and exit 1", async (line) => {
  const home = await homeWithThree();
  const { code, stderr } = await runTo(home, "1>/dev/full", line);
  expect([line, code]).toEqual([line, 1]);
  expect(stderr).toMatch(/^The answer could not be written to standard output: ENOSPC\. [^\n]*\n$/);
});

test("an error whose document cannot be written is still told on stderr, without a stack", async () => {
  const home = await homeWithThree();
  const { code, stderr } = await runTo(home, "1>/dev/full", "switch nobody --json");
  expect([code, stderr]).toEqual([1, expect.stringContaining("Invalid index: nobody")]);
  expect(stderr).not.toContain("    at ");
});

test("a reader that has gone is no failure, and a full stderr none either", async () => {
  const home = await homeWithThree();
  const env = { ...home.env };
  for (const line of ["list", "list --json", "--help --json"]) {
    const script = `{ "$0" ${line}; echo $? >&2; } | true`;
    const { stderr } = await runProcess("/bin/sh", ["-c", script, `${projectRoot}/bin/codex-auth`], { env });
    expect([line, stderr]).toEqual([line, "0\n"]);
  }
  const quiet = await runTo(home, "2>/dev/full", "import /nonexistent");
  expect([quiet.code, quiet.stdout]).toEqual([1, ""]);
  const told = await runTo(home, "2>/dev/full", "switch 2 --json");
  expect([told.code, JSON.parse(told.stdout)]).toEqual([0, expect.objectContaining({ ok: true })]);
});
