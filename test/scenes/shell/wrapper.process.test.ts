import { chmodSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Finished, projectRoot, runProcess, TestHome } from "../../support/home.ts";
import { oddlyPlacedProgram, type RealShell, shells } from "../../support/shells.ts";

const version = /^\d+\.\d+\.\d+\n$/;

/** A home with a real `codex` on PATH that says what it was given. */
class Scene {
  readonly home = new TestHome();
  readonly program = oddlyPlacedProgram(this.home);
  readonly #env: Record<string, string>;

  constructor({ codex = 'printf "%s|" "$@"; cat; exit 7' } = {}) {
    chmodSync(this.home.write("real/codex", `#!/bin/sh\n${codex}\n`), 0o755);
    const { CODEX_AUTH_INVOKED_AS: _, ...env } = this.home.env;
    this.#env = { ...env, PATH: `${this.home.file("real")}:${env["PATH"]}` };
  }

  /** Loads our function and then runs the lines, in this shell. */
  run({ script, load, name }: RealShell, lines: string, input = ""): Promise<Finished> {
    const [command = "", ...args] = script;
    const text = `${load(this.program, `init ${name}`)}\n${lines}`;
    return runProcess(command, [...args, text], { env: this.#env, input });
  }
}

describe.each(shells)("in $name", (shell) => {
  test("codex auth is codex-auth, and its messages name it so", async () => {
    const scene = new Scene();
    expect(await scene.run(shell, "codex auth --version")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(version),
      stderr: "",
    });
    const refused = await scene.run(shell, "codex auth 'no such'");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("codex auth --help")]);
  });

  test("everything else is the real codex with argv, stdin and exit code as they are", async () => {
    const line = `codex exec 'a b' '' '--x=$HOME' "it's" auth`;
    expect(await new Scene().run(shell, line, "from stdin")).toEqual({
      code: 7,
      stdout: "exec|a b||--x=$HOME|it's|auth|from stdin",
      stderr: "",
    });
    expect(await new Scene().run(shell, "codex")).toMatchObject({ code: 7, stdout: "|" });
  });

  test("standard input reaches codex auth too", async () => {
    const scene = new Scene();
    const line = "printf 'sk-forged-0001' | codex auth login --with-api-key --label piped";
    expect(await scene.run(shell, line)).toMatchObject({ code: 0, stderr: "" });
    expect((await scene.run(shell, "codex auth list")).stdout).toContain("piped");
  });

  test("a real codex that is missing is an error of the shell, with 127", async () => {
    const scene = new Scene();
    scene.home.remove("real/codex");
    const setPath = shell.name === "fish" ? "set -x PATH /nonexistent" : "PATH=/nonexistent";
    expect((await scene.run(shell, `${setPath}; codex exec`)).code).toBe(127);
  });

  test("loading it twice, and with completions alone, is harmless and silent", async () => {
    const scene = new Scene();
    const again = shell.load(scene.program, `init ${shell.name}`);
    const completions = shell.load(scene.program, `completion ${shell.name}`);
    expect(await scene.run(shell, `${again}\n${completions}\ncodex auth --version`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(version),
      stderr: "",
    });
  });
});

const posixShells = shells.filter(({ name }) => name !== "fish");

test.each(posixShells)("in $name with set -eu and an alias of the same name it loads", async (shell) => {
  const alias = `${shell.name === "bash" ? "shopt -s expand_aliases\n" : ""}alias codex='codex --yolo'`;
  const strict = {
    ...shell,
    load: (program: string, words: string) => `${alias}\nset -eu\n${shell.load(program, words)}`,
  };
  expect(await new Scene().run(strict, "eval codex")).toMatchObject({
    code: 7,
    stdout: "--yolo|",
    stderr: "",
  });
});

test("in bash in POSIX mode it loads", async () => {
  const posix = { name: "bash", script: ["bash", "--posix", "-c"] } as const;
  const bash = shells.find(({ name }) => name === "bash");
  if (!bash) throw new Error("bash is part of every machine that runs these tests");
  expect(await new Scene().run({ ...bash, ...posix }, "codex auth --version")).toMatchObject({
    code: 0,
    stderr: "",
  });
});

test("the folder of init --path, first on PATH, makes codex auth work for programs", async () => {
  const scene = new Scene();
  const line = `export PATH="$("$1" init --path):$PATH"; env codex auth --version; env codex x`;
  const env = { PATH: `${scene.home.file("real")}:${process.env["PATH"]}`, HOME: scene.home.path };
  const { stdout, code } = await runProcess("/bin/sh", ["-c", line, "sh", scene.program], { env });
  expect([stdout, code]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+\nx\|$/), 7]);
});

test("init prints its own place, whatever the words of our messages", async () => {
  const home = new TestHome();
  const { script, path, ok } = JSON.parse((await home.runProcess(["init", "zsh", "--json"])).stdout);
  expect([ok, path]).toEqual([true, join(projectRoot, "bin")]);
  expect(script).toBe((await home.runProcess(["init", "zsh"])).stdout);
  expect(
    (await home.runProcess(["init", "zsh"], { env: { CODEX_AUTH_INVOKED_AS: "npx codex auth" } })).stdout,
  ).toBe(script);
});

test.each([
  ["init", "Name your shell, or --path."],
  ["init zsh --path", "Name your shell, or --path."],
  ["init tcsh", "Unknown shell: tcsh. Shells: bash, zsh, fish, powershell."],
  ["completion", "Missing required argument 'shell'"],
  ["completion csh", "Unknown shell: csh. Shells: bash, zsh, fish, powershell."],
])("%s is refused", async (line, message) => {
  const { code, stdout, stderr } = await new TestHome().run(line.split(" "));
  expect([code, stdout, stderr]).toEqual([1, "", expect.stringContaining(message)]);
});
