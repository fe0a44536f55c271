import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { expect, test } from "vitest";
import { homeWithThree, type TestHome } from "../../support/home.ts";
import { type RealShell, shells } from "../../support/shells.ts";
import { hasProgram } from "../../support/tmux.ts";

/** What `init` prints, in a file: to load it from us would start processes. */
async function loaded(home: TestHome, { name }: RealShell): Promise<string> {
  const { stdout } = await home.run(["init", name]);
  return home.write(`init.${name}`, stdout);
}

function shown(home: TestHome, shell: RealShell, script: string): string {
  const [command, ...args] = [
    ...shell.script,
    `source ${script}; __codex_auth_prompt; echo "[$CODEX_AUTH_PROMPT]"`,
  ];
  // As in a terminal of the person.
  const env = { ...home.env, LANG: "C.UTF-8", PATH: process.env["PATH"] ?? "" };
  return execFileSync(command, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

/** Gives the account that is shown figures that were seen so long ago, and that hold so long from now. */
function writeFigures(
  home: TestHome,
  text: string,
  { ageMin, leftMin }: { ageMin: number; leftMin: number },
): void {
  const file = home.file("codex-auth/prompt");
  const nowSec = Math.floor(Date.now() / 1000);
  const lines = fs.readFileSync(file, "utf8").split("\n");
  lines.splice(2, 4, text, String(nowSec - ageMin * 60 - 20), "12:34", String(nowSec + leftMin * 60));
  fs.writeFileSync(file, lines.join("\n"));
}

test.each(shells)("$name: the prompt follows a switch, a label and a logout", async (shell) => {
  const home = await homeWithThree();
  const script = await loaded(home, shell);
  for (const line of ["switch 1", "label 1 work", "switch 2", "switch 1"]) await home.run(line.split(" "));
  expect(shown(home, shell, script)).toBe("[work]");
  fs.rmSync(home.file("auth.json"));
  expect(shown(home, shell, script)).toBe("[]");
});

test.each(shells)(
  "$name: figures older than a quarter of an hour show their age, and end with their window",
  async (shell) => {
    const home = await homeWithThree();
    const script = await loaded(home, shell);
    await home.run(["switch", "1"]);
    await home.run(["label", "1", "work"]);
    const percent = shell.name === "zsh" ? "63%%" : "63%";
    const after = (ageMin: number, leftMin = 60) => {
      writeFigures(home, "5h 63%", { ageMin, leftMin });
      return shown(home, shell, script);
    };
    expect(after(3)).toBe(`[work 5h ${percent}]`);
    expect(after(17)).toBe(`[work 5h ${percent} (17 min old)]`);
    expect(after(200)).toBe(`[work 5h ${percent} (3 h old)]`);
    expect(after(3, -1)).toBe("[work]");
  },
);

test.each(shells)(
  "$name: a login that somebody else wrote is not passed off as the known one",
  async (shell) => {
    const home = await homeWithThree();
    const script = await loaded(home, shell);
    await home.run(["switch", "1"]);
    await home.run(["label", "1", "work"]);
    const later = new Date(Date.now() + 5000);
    fs.utimesSync(home.file("auth.json"), later, later);
    expect(shown(home, shell, script)).toBe("[work?]");
  },
);

test.each(shells)(
  "$name: a login in the keyring has a name, and a ? because no shell sees it",
  async (shell) => {
    const home = await homeWithThree();
    const script = await loaded(home, shell);
    for (const line of ["switch 1", "label 1 work"]) await home.run(line.split(" "));
    const text = home.read("codex-auth/prompt");
    fs.writeFileSync(home.file("codex-auth/prompt"), `${text}keyring\n`);
    expect(shown(home, shell, script)).toBe("[work?]");
    fs.rmSync(home.file("auth.json"));
    expect(shown(home, shell, script)).toBe("[work?]");
    fs.writeFileSync(home.file("codex-auth/prompt"), `${text}elsewhere\n`);
    expect(shown(home, shell, script)).toBe("[]");
  },
);

const hostile = [
  "$(touch PWNED)",
  "`touch PWNED`",
  "\\$(touch PWNED)",
  "\u001b]0;title\u0007",
  "%n!!",
  "#[fg=red]",
  "a\\nb",
];

test.each(shells)(
  "$name: a hostile name does nothing, neither as an e-mail nor as what stands in the file",
  async (shell) => {
    const home = await homeWithThree();
    const script = await loaded(home, shell);
    await home.run(["switch", "1"]);
    const file = home.file("codex-auth/prompt");
    const lines = fs.readFileSync(file, "utf8").split("\n");
    for (const name of hostile) {
      fs.writeFileSync(file, lines.with(1, name).join("\n"));
      const text = shown(home, shell, script);
      expect(text).toMatch(/^\[[^\u0000-\u001f\\`$]*\]$/);
    }
    for (const [at, value] of [
      [3, "a[$(touch PWNED)]"],
      [5, "08"],
      [5, ""],
      [3, "-1"],
    ] as const) {
      fs.writeFileSync(file, lines.with(2, "5h 1%").with(at, value).join("\n"));
      shown(home, shell, script);
    }
    expect(fs.readdirSync(process.cwd())).not.toContain("PWNED");
  },
);

test.each(shells)("$name: a link, a folder or a pipe in its place is not read", async (shell) => {
  const home = await homeWithThree();
  const script = await loaded(home, shell);
  await home.run(["switch", "1"]);
  const file = home.file("codex-auth/prompt");
  const other = home.write("other", fs.readFileSync(file, "utf8"));
  fs.rmSync(file);
  fs.symlinkSync(other, file);
  expect(shown(home, shell, script)).toBe("[]");
  fs.rmSync(file);
  execFileSync("mkfifo", [file]);
  expect(shown(home, shell, script)).toBe("[]");
});

test.each(shells.filter(() => hasProgram("strace")))("$name: the prompt starts no process", async (shell) => {
  const home = await homeWithThree();
  const script = await loaded(home, shell);
  await home.run(["switch", "1"]);
  writeFigures(home, "5h 63%", { ageMin: 20, leftMin: 60 });
  const processes = (calls: number) => {
    const [command, ...args] = [
      ...shell.script,
      `source ${script}; ${"__codex_auth_prompt; ".repeat(calls)} true`,
    ];
    const log = home.file(`trace-${calls}`);
    execFileSync(
      "strace",
      ["-f", "-e", "trace=clone,clone3,fork,vfork,execve", "-o", log, command, ...args],
      {
        env: { ...home.env, PATH: process.env["PATH"] ?? "" },
        stdio: "ignore",
      },
    );
    return fs
      .readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => /\b(clone3?|v?fork|execve)\(/.test(line) && !line.includes("CLONE_THREAD")).length;
  };
  expect(processes(5)).toBe(processes(0));
});
