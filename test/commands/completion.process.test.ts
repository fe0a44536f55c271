import { chmodSync, existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { forgeAuthJson } from "../support/forge.ts";
import { TestHome, threeLogins } from "../support/home.ts";
import { oddlyPlacedProgram, type RealShell, shells } from "../support/shells.ts";
import { hasTmux, Terminal } from "../support/tmux.ts";

const hostile = "x$(touch pwned)@team.example";

/** A shell on a terminal that has loaded our text, and a pool with labels, shared e-mails and a hostile one. */
async function openShell(
  shell: RealShell,
  { before = "", columns = 150 } = {},
): Promise<{ home: TestHome; terminal: Terminal }> {
  const home = new TestHome();
  home.writeLogins(threeLogins);
  home.write("logins/d.json", forgeAuthJson({ email: hostile, userId: "user-x", accountId: "acct-x" }));
  await home.run(["import", home.file("logins")]);
  await home.run(["label", "2", "work"]);
  await home.run(["label", "3", "my lab"]);
  const lines = `${before}\n${shell.load(oddlyPlacedProgram(home), `init ${shell.name}`)}\n`;
  const terminal = Terminal.open(home, shell.interactive(home, lines), { columns });
  await terminal.shows(">");
  return { home, terminal };
}

/** Types, presses TAB, waits for the line as it must become, and clears it. */
async function completes(terminal: Terminal, typed: string, line: string): Promise<void> {
  terminal.type(typed);
  await terminal.shows(`> ${typed}`);
  terminal.press("Tab");
  await terminal.shows(`> ${line}`);
  terminal.press("C-u", "C-l");
}

describe.skipIf(!hasTmux).each(shells)("TAB in $name", (shell) => {
  test("completes commands, options, labels, e-mails and files", async () => {
    const { terminal } = await openShell(shell);
    for (const [typed, line] of [
      ["codex au", "codex auth"],
      ["codex auth stat", "codex auth status"],
      ["codex auth verify", "codex auth verify-flagged"],
      ["codex-auth verify", "codex-auth verify-flagged"],
      ["codex auth switch --dr", "codex auth switch --dry-run"],
      ["codex auth use wor", "codex auth use work"],
      ["codex auth guard --account de", "codex auth guard --account dev@team.example"],
      ["codex auth switch dev@te", "codex auth switch dev@team.example"],
      ["codex auth remove work my", "codex auth remove work my\\ lab"],
      ["codex auth remove my\\ l", "codex auth remove my\\ lab"],
      ["codex auth init power", "codex auth init powershell"],
      ["codex auth backup res", "codex auth backup restore"],
      ["codex auth import login", "codex auth import logins/"],
      ["codex auth exec work -- mkfi", "codex auth exec work -- mkfifo"],
    ] as const) {
      await completes(terminal, typed, line);
    }
  });

  test("a hostile e-mail is one word on the command line, and runs nothing", async () => {
    const { home, terminal } = await openShell(shell);
    terminal.type("codex auth pause x");
    await terminal.shows("> codex auth pause x");
    terminal.press("Tab");
    await terminal.shows("team.example");
    terminal.press("Enter");
    await terminal.shows("paused");
    expect(existsSync(home.file("pwned"))).toBe(false);
    const { accounts } = JSON.parse((await home.run(["list", "--json"])).stdout);
    expect(accounts.at(-1)).toMatchObject({ email: hostile, state: "paused" });
  });

  test("a damaged pool costs the names, and nothing appears on the terminal", async () => {
    const { home, terminal } = await openShell(shell);
    home.write("codex-auth/pool.json", "{");
    terminal.type("codex auth switch wor");
    terminal.press("Tab");
    await completes(terminal, "", "codex auth switch wor");
    await completes(terminal, "codex auth foreca", "codex auth forecast");
  });

  test("Ctrl-C reaches the real codex through the function", async () => {
    const { home, terminal } = await openShell(shell);
    const script = 'trap "echo stopped; exit 42" INT; echo ready; while :; do sleep 0.05; done';
    chmodSync(home.write("real/codex", `#!/bin/sh\n${script}\n`), 0o755);
    const path =
      shell.name === "fish" ? `set -x PATH ${home.file("real")} $PATH` : `PATH=${home.file("real")}:$PATH`;
    terminal.type(path);
    terminal.press("Enter");
    terminal.type("codex exec");
    terminal.press("Enter");
    await terminal.shows("ready");
    terminal.press("C-c");
    await terminal.shows("stopped");
    terminal.type(`echo "code ${shell.name === "fish" ? "$status" : "$?"}"`);
    terminal.press("Enter");
    await terminal.shows("code 42");
  });
});

const zsh = shells.find(({ name }) => name === "zsh");

// The terminal broke them in mid-word, and an e-mail was cut at 22 columns.
test.skipIf(!hasTmux || !zsh)("zsh shows descriptions that wrap at words, below each other", async () => {
  if (!zsh) return;
  const { terminal } = await openShell(zsh, { columns: 80 });
  terminal.type("codex auth report --");
  terminal.press("Tab");
  await terminal.shows("--yes");
  expect(terminal.screen()).toMatch(
    /^--open {17}show the page in a browser; without --out it is a\n {23}temporary file$/m,
  );
  terminal.press("C-u", "C-l");
  terminal.type("codex auth pause ");
  terminal.press("Tab");
  await terminal.shows("business");
  expect(terminal.screen()).toMatch(/^x\$\(touch pwned\)@team\.example x\$/m);
});

/** How a completion of the real codex, loaded earlier, looks: it offers one word. */
const earlier: Record<RealShell["name"], string> = {
  bash: "_old() { COMPREPLY=(resume-it); }; complete -F _old codex",
  zsh: "_old() { compadd -- resume-it }; compdef _old codex",
  fish: "complete -c codex -f -a resume-it",
};

describe.skipIf(!hasTmux).each(shells)("the completion that codex had in $name", (shell) => {
  test("still serves everything but auth", async () => {
    const { terminal } = await openShell(shell, { before: earlier[shell.name] });
    await completes(terminal, "codex resu", "codex resume-it");
    await completes(terminal, "codex exec resu", "codex exec resume-it");
    await completes(terminal, "codex auth verify", "codex auth verify-flagged");
  });
});

/** What PowerShell reads where a word begins with a single quote; each of these ends it, unless it stands twice. */
const quotes = "'\u2018\u2019\u201a\u201b";

function powershellWord(text: string): { word: string; rest: string } {
  let word = "";
  for (let at = 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (!quotes.includes(char)) word += char;
    else if (quotes.includes(text.charAt(at + 1)) && at + 1 < text.length) word += text.charAt((at += 1));
    else return { word, rest: text.slice(at + 1) };
  }
  return { word, rest: "(no end)" };
}

// A label with \u2019 ended the quotes, and what followed it was a command.
test.each([
  "it's",
  "x\u2019; Remove-Item -Recurse ~; \u2018",
  "\u201bx\u201a",
  "$(calc)",
  "a b",
  "@splat",
  "\u2018",
  "\u201c$(calc)\u201d",
])("PowerShell gets the name %s as one word", async (name) => {
  const { stdout } = await new TestHome().run(["completion", "powershell"]);
  const [, plain = ""] = /\$value -match '(.+?)'\)/.exec(stdout) ?? [];
  const [, wanted = "", doubled = ""] = /\$value -replace "(.+?)", '(.+?)'/.exec(stdout) ?? [];
  const text = new RegExp(plain, "u").test(name)
    ? name
    : `'${name.replaceAll(new RegExp(wanted, "gu"), doubled.replaceAll("$0", "$$&"))}'`;
  expect(text.startsWith("'")).toBe(true);
  expect(powershellWord(text)).toEqual({ word: name, rest: "" });
});

test("the completion alone completes codex-auth, and makes no function", async () => {
  const home = new TestHome();
  for (const shell of shells) {
    const { stdout } = await home.run(["completion", shell.name]);
    expect([shell.name, stdout]).toEqual([shell.name, expect.stringContaining("codex-auth")]);
    expect(stdout).not.toMatch(/^function codex\b/m);
    expect((await home.run(["init", shell.name])).stdout).toContain(stdout);
  }
});
