import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { copyDemoHome, removeDemoHome } from "../../../src/store/homes/demo-home.ts";
import { projectRoot, runProcess, TestHome } from "../../support/home.ts";
import { shells } from "../../support/shells.ts";
import { hasTmux, Terminal } from "../../support/tmux.ts";

/** The recipes of docs/shell.md, as they stand there, by the language of their block. */
const recipes = new Map(
  [...readFileSync(join(projectRoot, "docs/shell.md"), "utf8").matchAll(/```(\w+)\n(.*?)```/gs)].map(
    ([, language = "", text = ""]) => [language, text],
  ),
);

/** A home with fresh figures, our program on PATH, and what `statusline` prints there. */
async function knownHome(format?: string) {
  const demo = copyDemoHome(projectRoot, Date.now());
  onTestFinished(() => removeDemoHome(demo));
  const home = new TestHome();
  const env = { ...home.env, CODEX_HOME: demo, PATH: `${join(projectRoot, "bin")}:${home.env["PATH"]}` };
  const auth = (words: string[]) => runProcess("codex-auth", words, { env });
  for (const words of [
    ["import", join(demo, "logins")],
    ["switch", "dev@team.example"],
    ["label", "dev@team.example", "100%n $(id) `id`"],
    ["forecast"],
  ])
    expect(await auth(words)).toMatchObject({ code: 0 });
  const { stdout } = await auth(["statusline", ...(format ? ["--format", format] : [])]);
  expect(stdout).toMatch(/^100%n \$\(id\) `id` .*\d%/);
  // The age of the figures may change while we look.
  return { home, env, line: stdout.trimEnd().replace(/ \(.*old\)$/, "") };
}

const inPrompt = "{account}[ {week}%]";
const prompts = shells.filter(() => hasTmux);

test.each(prompts)(
  "the prompt of $name shows the account and what is left, and expands nothing in it",
  async (shell) => {
    const { home, env, line } = await knownHome(inPrompt);
    const recipe = recipes.get(shell.name) ?? "";
    expect(recipe).toContain(inPrompt);
    const terminal = Terminal.open(home, shell.interactive(home, recipe), { env });
    await terminal.shows(shell.name === "fish" ? line : `[${line}]`);
  },
);

test.runIf(hasTmux)("the status line of tmux shows what statusline prints", async () => {
  const { home, env, line } = await knownHome();
  // A pane shows no status line of its own server, but that of another tmux inside of it.
  const socket = home.file("inner.socket");
  const config = home.write("inner.conf", recipes.get("tmux") ?? "");
  onTestFinished(() => void spawnSync("tmux", ["-S", socket, "kill-server"]));
  const inner = ["env", "-u", "TMUX", "tmux", "-u", "-S", socket, "-f", config, "new-session", "sh"];
  await Terminal.open(home, inner, { env }).shows(line);
});

/** The recipes that start no process: of each language the first. */
const quickRecipes = new Map(
  [...readFileSync(join(projectRoot, "docs/shell.md"), "utf8").matchAll(/```(\w+)\n(.*?)```/gs)]
    .filter(([, , text = ""]) => text.includes("CODEX_AUTH_PROMPT"))
    .map(([, language = "", text = ""]) => [language, text]),
);

test.each(prompts)(
  "the prompt of $name without a process shows the account as a switch left it",
  async (shell) => {
    const { home, env } = await knownHome();
    const init = await runProcess("codex-auth", ["init", shell.name], { env });
    const script = `source ${home.write(`init.${shell.name}`, init.stdout)}\n${quickRecipes.get(shell.name) ?? ""}`;
    const terminal = Terminal.open(home, shell.interactive(home, script), { env });
    await terminal.shows(shell.name === "fish" ? "100_n _(id) _id_" : "[100_n _(id) _id_");
  },
);
