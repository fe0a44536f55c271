import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, type TestHome } from "./home.ts";
import { hasProgram } from "./tmux.ts";

/** How to use a real shell without the settings of the person. */
export interface RealShell {
  name: "bash" | "zsh" | "fish";
  /** Runs a script that follows as one more word. */
  script: readonly string[];
  /** A line that loads what `words` of ours print. */
  load: (program: string, words: string) => string;
  /** An interactive one that first reads this file. */
  interactive: (home: TestHome, lines: string) => string[];
}

const evaluated = (program: string, words: string) => `eval "$(${quoted(program)} ${words})"`;

const all: RealShell[] = [
  {
    name: "bash",
    script: ["bash", "--noprofile", "--norc", "-c"],
    load: evaluated,
    interactive: (home, lines) => [
      "bash",
      "--noprofile",
      "--rcfile",
      home.write("rc", `PS1='> '\n${lines}`),
      "-i",
    ],
  },
  {
    name: "zsh",
    script: ["zsh", "-f", "-c"],
    load: evaluated,
    interactive: (home, lines) => {
      home.write("zdot/.zshrc", `PS1='> '\nautoload -U compinit\ncompinit -u -D\n${lines}`);
      return ["env", `ZDOTDIR=${home.file("zdot")}`, "zsh", "-d", "-i"];
    },
  },
  {
    name: "fish",
    script: ["fish", "--no-config", "-c"],
    // In single quotes fish knows only \' and \\.
    load: (program, words) => `'${program.replaceAll(/[\\']/g, String.raw`\$&`)}' ${words} | source`,
    interactive: (home, lines) => {
      // Without this folder fish starts a process of its own that fills it, also after the shell has ended.
      mkdirSync(join(home.root, ".local/share/fish/generated_completions"), { recursive: true });
      const rc = home.write("rc", `function fish_prompt; echo '> '; end\nset -g fish_greeting\n${lines}`);
      return ["fish", "--init-command", `source ${rc}`];
    },
  },
];

/** The shells of this machine; the tests of the others are skipped, and the output says so. */
export const shells = all.filter(({ name }) => hasProgram(name));

/** A copy of the program in a folder that a shell would take apart. */
export function oddlyPlacedProgram(home: TestHome): string {
  const root = home.file('it\'s a "$HOME" `x` \\dir');
  for (const name of ["bin", "dist/cli", "package.json"])
    cpSync(join(projectRoot, name), join(root, name), { recursive: true });
  symlinkSync(join(projectRoot, "node_modules"), join(root, "node_modules"));
  return join(root, "bin/codex-auth");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
