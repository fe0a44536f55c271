import { mkdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { hasProgram } from "../support/tmux.ts";
import { root } from "./install.mjs";
import { codexBinary, codexVersion, fakeBackend, run, runCodexAuth } from "./support/codex.ts";
import { startFake, temporaryHome, writeAuthJson } from "./support/home.ts";

const program = join(root, "bin/codex-auth");
const shells = [
  { name: "bash", load: `eval "$('${program}' init bash)"` },
  { name: "zsh", load: `eval "$('${program}' init zsh)"` },
  { name: "fish", load: `'${program}' init fish | source` },
].filter(({ name }) => hasProgram(name));

/** Runs lines in a shell of the person, who has the real codex on PATH. */
function runLines(name: string, lines: readonly string[], home: string, env: Record<string, string> = {}) {
  const path = `${dirname(codexBinary(codexVersion))}:${process.env["PATH"]}`;
  return run(name, ["-c", lines.join("\n")], { home, env: { ...env, PATH: path } });
}

test.each(shells)(
  "in $name plain codex is the real one with the active account, and codex auth exec takes that of the folder",
  async ({ name, load }) => {
    const fake = await startFake();
    const home = temporaryHome();
    const incoming = join(home, "../incoming");
    mkdirSync(incoming);
    for (const each of ["a", "b"]) {
      const login = { email: `${each}@example.com`, accountId: `acct-${each}`, userId: `user-${each}` };
      writeAuthJson(join(incoming, `${each}.json`), fake.issuer.issue(login));
    }
    const env = { ...fakeBackend(fake).env, CODEX_AUTH_ISSUER: fake.url };
    await runCodexAuth(["import", incoming], { home, env });
    await runCodexAuth(["switch", "a@example.com"], { home, env });
    const flags = fakeBackend(fake).flags.map((flag) => `'${flag}'`);
    const turn = ["codex", "exec", "--skip-git-repo-check", ...flags, "'a b'"].join(" ");
    const project = join(home, "../project");
    mkdirSync(project);
    const lines = [
      load,
      `cd '${realpathSync(project)}'`,
      "codex --version",
      "codex auth use-here b@example.com",
    ];
    const { stdout, status } = await runLines(
      name,
      [...lines, turn, `codex auth exec -- ${turn}`],
      home,
      env,
    );
    expect([status, stdout]).toEqual([0, expect.stringContaining(`codex-cli ${codexVersion}\n`)]);
    const turns = fake.log
      .filter(({ path }) => path.endsWith("/responses"))
      .map(({ accountId }) => accountId);
    expect(turns.filter((sender, index) => sender !== turns[index - 1])).toEqual(["acct-a", "acct-b"]);
  },
);

test("in bash the completion of the real codex goes on working beside ours", async () => {
  const offer = [
    'COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=1000',
    '__codex_auth_complete codex "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"',
    'echo "${COMPREPLY[*]}"',
  ];
  const lines = [
    'eval "$(codex completion bash)"',
    `eval "$('${program}' init bash)"`,
    `offer() { ${offer.join("; ")}; }`,
    "offer codex resu",
    "offer codex au",
    "offer codex resume --las",
    "offer codex auth verify",
  ];
  const { stdout, stderr } = await runLines("bash", lines, temporaryHome());
  expect([stdout.split("\n"), stderr]).toEqual([["resume", "auth", "--last", "verify-flagged", ""], ""]);
});
