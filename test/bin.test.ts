import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TestHome, projectRoot, runProcess } from "./support/home.ts";

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
