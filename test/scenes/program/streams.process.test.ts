import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { runFake, terminal } from "../../support/fake-context.ts";
import { forgeAuthJson } from "../../support/forge.ts";
import { homeWithThree, projectRoot, runProcess, TestHome } from "../../support/home.ts";

const escape = "\u001B";

const commandLines = [
  "list",
  "status",
  "forecast",
  "why",
  "guard --allow-unknown",
  "statusline",
  "report",
  "switch --auto",
  "switch 2",
  "switch 3 --dry-run",
  "import logins",
  "label 2 work",
  "pause 2",
  "resume 2",
  "export 2 --out out.json --yes",
  "backup list",
  "remove 1",
  "backup restore latest",
  "demo",
  "--version",
  "--help",
];

test("stdout is one JSON document under --json, whatever the command and the terminal", async () => {
  const home = await homeWithThree();
  for (const line of commandLines) {
    const words = line
      .replace("logins", home.file("logins"))
      .replace("out.json", home.file("out.json"))
      .split(" ");
    const { stdout, code } = await home.runProcess([...words, "--json"], { env: { FORCE_COLOR: "3" } });
    expect([line, code]).toEqual([line, 0]);
    expect(stdout).not.toContain(escape);
    expect(JSON.parse(stdout)).toMatchObject({ command: expect.any(String), schemaVersion: 1, ok: true });
  }
});

test("a pipe carries no colour", async () => {
  const home = await homeWithThree();
  const { stdout, stderr } = await home.runProcess(["list"], {
    env: { TERM: "xterm-256color", COLORTERM: "truecolor" },
  });
  expect(stdout + stderr).not.toContain(escape);
});

test.each<[string, Record<string, string>, string[], boolean]>([
  ["FORCE_COLOR colours a pipe", { FORCE_COLOR: "1" }, [], true],
  ["FORCE_COLOR=0 does not", { FORCE_COLOR: "0" }, [], false],
  ["--no-color beats FORCE_COLOR", { FORCE_COLOR: "1" }, ["--no-color"], false],
  ["NO_COLOR in a pipe", { NO_COLOR: "1" }, [], false],
])("%s", async (_, env, flags, isColored) => {
  const home = await homeWithThree();
  const { stdout } = await home.runProcess(["list", ...flags], { env });
  expect(stdout.includes(escape)).toBe(isColored);
});

test("a narrow terminal gets a shortened e-mail, in ASCII where the locale is not UTF-8", async () => {
  const home = new TestHome();
  home.write("auth.json", forgeAuthJson({ email: "a-rather-long-name-of-a-person@some-company.example" }));
  await home.run(["import"]);
  const narrow = await runFake(home, ["list"], { terminalColumns: 50, env: { LANG: "C" } });
  expect(narrow.stdout).toContain("...");
  expect(narrow.stdout).toContain("@some-company.example");
  const piped = await runFake(home, ["list"], { env: { LANG: "C", COLUMNS: "40" } });
  expect(piped.stdout).toContain("a-rather-long-name-of-a-person@some-company.example");
});

test("an option that is wrong because of its value is refused in a JSON document, where that option is --json", async () => {
  const { code, stdout } = await runFake(new TestHome(), ["list", "--json=1"]);
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { command: "list", ok: false }]);
});

test("text from a token cannot act on the terminal", async () => {
  const home = new TestHome();
  const email = `${escape}]52;c;aGk=\u0007\u202Eevil@example.com${escape}[2J`;
  home.write("auth.json", forgeAuthJson({ email, plan: `${escape}[31mplus` }));
  for (const line of [
    "import",
    "list",
    "status",
    "switch 1",
    "label 1 x",
    "pause 1",
    "switch nobody",
    "switch a@x",
    "remove 1",
  ]) {
    const { stdout, stderr } = await home.runProcess(line.split(" "));
    expect([line, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/.test(stdout + stderr)]).toEqual([
      line,
      false,
    ]);
  }
});

test("a reader that stops early ends the command quietly", async () => {
  const home = await homeWithThree();
  const { stderr, code } = await runShell(home, "list --json | head -1");
  expect([code, stderr]).toEqual([0, ""]);
});

test("switch without an argument toggles between two accounts on a terminal", async () => {
  const home = await homeWithThree();
  await home.runProcess(["remove", "3"]);
  const { code } = await onTerminal(home, []);
  expect(code).toBe(0);
  expect((await home.runProcess(["list"])).stdout).toMatch(/^\*\t2\tdev@team/m);
});

test("switch without an argument asks when there are three", async () => {
  const home = await homeWithThree();
  const { code } = await onTerminal(home, ["3"]);
  expect(code).toBe(0);
  expect((await home.runProcess(["list"])).stdout).toMatch(/^\*\t3\tada@personal/m);
});

test("no answer at the picker changes nothing and exits 1", async () => {
  const home = await homeWithThree();
  const before = home.read("codex-auth/pool.json");
  expect((await onTerminal(home, [""])).code).toBe(1);
  expect(home.read("codex-auth/pool.json")).toBe(before);
});

/** util-linux's `script` gives the command a terminal of its own. */
const hasScript = spawnSync("script", ["--version"]).status === 0;

test.runIf(hasScript)("the picker of the built binary asks on a real terminal, in colour", async () => {
  const home = await homeWithThree();
  const env = { ...bareEnv(home), TERM: "xterm-256color", COLORTERM: "truecolor" };
  const command = `${projectRoot}/bin/codex-auth switch`;
  const { stdout } = await runProcess("script", ["-qec", command, "/dev/null"], { env, input: "2\r" });
  expect(stdout).toContain("Switch to: ");
  expect(stdout).not.toContain("[object");
  expect(stdout).toMatch(new RegExp(`Switched to ${escape}\\[1mdev@team.example${escape}\\[22m`));
  const dumb = await runProcess("script", ["-qec", `${projectRoot}/bin/codex-auth list`, "/dev/null"], {
    env: { ...env, TERM: "dumb" },
  });
  expect(dumb.stdout).not.toContain(escape);
});

function onTerminal(home: TestHome, answers: string[]) {
  return runFake(home, ["switch"], {
    stdin: {
      isTerminal: true,
      readAll: () => Promise.reject(new Error("unexpected")),
      readLine: () => Promise.reject(new Error("unexpected")),
    },
    stderr: terminal(() => undefined),
    prompt: () => Promise.resolve(answers.shift() ?? "unexpected question"),
  });
}

function runShell(home: TestHome, line: string) {
  return runProcess("/bin/sh", ["-c", `${projectRoot}/bin/codex-auth ${line}`], { env: bareEnv(home) });
}

function bareEnv(home: TestHome) {
  return { PATH: process.env["PATH"] ?? "", CODEX_HOME: home.path, HOME: home.path };
}
