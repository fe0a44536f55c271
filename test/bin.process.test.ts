import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot, runProcess, TestHome } from "./support/home.ts";

const dispatcher = join(projectRoot, "bin/codex");
const systemPath = process.env["PATH"] ?? "";

/** A folder with a program `codex` that says what it was given. */
function fakeCodex(home: TestHome, body = 'printf "%s|" "$@"; cat; exit 7'): string {
  chmodSync(home.write("real/codex", `#!/bin/sh\n${body}\n`), 0o755);
  return home.file("real");
}

test("codex auth goes to codex-auth", async () => {
  const home = new TestHome();
  const { stdout, code } = await runProcess(dispatcher, ["auth", "list", "--json"], {
    env: { PATH: systemPath, HOME: home.path, CODEX_HOME: home.path },
  });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ command: "list" });
});

test("everything else goes to the real codex with argv, stdin and exit code as they are", async () => {
  const home = new TestHome();
  const env = { PATH: `${join(projectRoot, "bin")}:${fakeCodex(home)}:${systemPath}` };
  const args = ["exec", "a b", "", "--x=$HOME", "auth"];
  expect(await runProcess(dispatcher, args, { env, input: "from stdin" })).toEqual({
    code: 7,
    stdout: "exec|a b||--x=$HOME|auth|from stdin",
    stderr: "",
  });
});

test("a signal reaches the real codex, because the dispatcher becomes it", async () => {
  const home = new TestHome();
  const real = fakeCodex(home, 'trap "exit 42" TERM; echo ready; while :; do sleep 0.05; done');
  const child = spawn(dispatcher, ["exec"], {
    env: { PATH: `${real}:${systemPath}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.once("data", () => child.kill("SIGTERM"));
  const code = await new Promise((resolve) => child.once("exit", resolve));
  expect(code).toBe(42);
});

test("links to the dispatcher and other copies of it on PATH are passed over", async () => {
  const home = new TestHome();
  const real = fakeCodex(home);
  home.write("linked/x", "");
  symlinkSync(dispatcher, home.file("linked/codex"));
  home.write("copied/x", "");
  copyFileSync(dispatcher, home.file("copied/codex"));
  const env = { PATH: `${home.file("linked")}:${home.file("copied")}:${real}:${systemPath}` };
  expect(await runProcess(home.file("linked/codex"), ["exec"], { env })).toMatchObject({
    code: 7,
    stdout: "exec|",
  });
});

test("CODEX_AUTH_CODEX_BIN names the real codex", async () => {
  const home = new TestHome();
  const real = fakeCodex(home);
  const env = { PATH: systemPath, CODEX_AUTH_CODEX_BIN: join(real, "codex") };
  expect(await runProcess(dispatcher, ["x"], { env })).toMatchObject({ code: 7, stdout: "x|" });
});

test("without a real codex the dispatcher says how to get one", async () => {
  const { code, stderr } = await runProcess("/bin/sh", [dispatcher, "exec"], {
    env: { PATH: "/nonexistent" },
  });
  expect(code).toBe(127);
  expect(stderr).toContain("npm install --global @openai/codex");
});

test("codex auth works through a link in another folder, as npm makes it", async () => {
  const home = new TestHome();
  home.write("links/x", "");
  symlinkSync(dispatcher, home.file("links/codex"));
  const env = { PATH: systemPath, HOME: home.path };
  const { stdout } = await runProcess(home.file("links/codex"), ["auth", "--version"], { env });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

/** What scripts need, and no codex of this machine. */
function tools(home: TestHome): string {
  home.write("tools/x", "");
  symlinkSync("/bin/sh", home.file("tools/sh"));
  return home.file("tools");
}

/** A program `codex` in a folder of its own that leads back to the dispatcher. */
function wrapper(home: TestHome, folder: string, body: string): string {
  chmodSync(home.write(`${folder}/codex`, `#!/bin/sh\n${body}\n`), 0o755);
  return home.file(folder);
}

const loops: [string, (home: TestHome, real: string) => Record<string, string>][] = [
  [
    "a wrapper on PATH starts the dispatcher",
    (home, real) => ({ PATH: `${wrapper(home, "w", `exec '${dispatcher}' "$@"`)}:${real}` }),
  ],
  [
    "two wrappers on PATH start it in turn, one through a link",
    (home, real) => {
      const [first, second] = ["v", "w"].map((name) => wrapper(home, name, `exec '${dispatcher}' "$@"`));
      home.write("linked/x", "");
      symlinkSync(`${first}/codex`, home.file("linked/codex"));
      return { PATH: `${home.file("linked")}:${first}:${second}:${real}` };
    },
  ],
  [
    "a wrapper puts itself in front again",
    (home, real) => ({
      PATH: `${wrapper(home, "w", `PATH='${home.file("w")}':$PATH exec '${dispatcher}' "$@"`)}:${real}`,
    }),
  ],
  [
    "CODEX_AUTH_CODEX_BIN names a wrapper",
    (home, real) => ({
      PATH: real,
      CODEX_AUTH_CODEX_BIN: `${wrapper(home, "w", `exec '${dispatcher}' "$@"`)}/codex`,
    }),
  ],
  [
    "CODEX_AUTH_CODEX_BIN is a bare name that PATH leads to the dispatcher",
    (_, real) => ({ PATH: `${join(projectRoot, "bin")}:${real}`, CODEX_AUTH_CODEX_BIN: "codex" }),
  ],
  [
    "an old copy without its second line is on PATH",
    (home, real) => {
      const text = readFileSync(dispatcher, "utf8").replace(
        /\n# codex-auth dispatcher/,
        "\n# some dispatcher",
      );
      chmodSync(home.write("old/codex", text), 0o755);
      return { PATH: `${home.file("old")}:${real}` };
    },
  ],
];

// It ran until somebody killed it.
test.each(loops)("where %s, the real codex is reached all the same", async (_, envOf) => {
  const home = new TestHome();
  const env = envOf(home, fakeCodex(home));
  const all = { ...env, PATH: `${env["PATH"]}:${tools(home)}` };
  expect(await runProcess(dispatcher, ["exec"], { env: all })).toMatchObject({ code: 7, stdout: "exec|" });
});

test.each([
  ["by exec", "exec "],
  ["as a child", ""],
  ["through another shell", 'sh -c \'"$0" "$@"; exit $?\' '],
])("where only a wrapper is there that starts the dispatcher %s, that is told and ends", async (_, how) => {
  const home = new TestHome();
  const env = { PATH: `${wrapper(home, "w", `${how}'${dispatcher}' "$@"`)}:${tools(home)}` };
  const { code, stderr } = await runProcess(dispatcher, ["exec"], { env });
  expect(code).toBe(126);
  expect(stderr).toBe(
    `codex: ${home.file("w/codex")} leads back to codex-auth again and again. Name the real codex: CODEX_AUTH_CODEX_BIN=/path/to/codex\n`,
  );
});

test("a codex that a codex starts is found, also where its process has the same number", async () => {
  const home = new TestHome();
  const body = `[ "$1" = inner ] && exit 9
    CODEX_AUTH_DISPATCHED="$$-1 \${CODEX_AUTH_DISPATCHED#* }" exec '${dispatcher}' inner`;
  const env = { PATH: `${fakeCodex(home, body)}:${tools(home)}` };
  expect((await runProcess(dispatcher, ["outer"], { env })).code).toBe(9);
});

test("a long chain of Codex in Codex is no loop", async () => {
  const home = new TestHome();
  const body = `[ "$1" = 12 ] && exit 9; '${dispatcher}' $(($1 + 1))`;
  const env = { PATH: `${fakeCodex(home, body)}:${tools(home)}` };
  expect((await runProcess(dispatcher, ["1"], { env })).code).toBe(9);
});

test("a copy of the dispatcher finds codex-auth on PATH", async () => {
  const home = new TestHome();
  home.write("copied/x", "");
  copyFileSync(dispatcher, home.file("copied/codex"));
  const env = { PATH: `${join(projectRoot, "bin")}:${systemPath}`, HOME: home.path };
  const { stdout } = await runProcess(home.file("copied/codex"), ["auth", "--version"], { env });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
