import type { Command } from "commander";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { type Shell, shells, shellText } from "../program/shell/shells.ts";

const schema = (z: Zod) =>
  z.object({
    shell: z.enum(shells).nullable(),
    script: z.string().nullable().describe("what the shell loads; null with --path"),
    path: z.string().describe("the folder whose `codex` does the same for programs: first on PATH"),
  });

// The help wraps each paragraph by itself.
const about = [
  "Makes `codex auth …` work in your shell: a function hands it to codex-auth and everything else, untouched, to the real codex, and TAB completes commands, options and accounts. Nothing is written; a line in the start file loads it:",
  "",
  '  ~/.bashrc    eval "$(codex-auth init bash)"',
  '  ~/.zshrc     eval "$(codex-auth init zsh)"      (after compinit)',
  "  config.fish  codex-auth init fish | source",
  "  $PROFILE     codex-auth init powershell | Out-String | Invoke-Expression",
  "",
  "The function __codex_auth_prompt (bash, zsh, fish) sets CODEX_AUTH_PROMPT to the account and what is left, without starting a process:",
  "",
  "  bash  PROMPT_COMMAND=__codex_auth_prompt; PS1='$CODEX_AUTH_PROMPT \\w \\$ '",
  "  zsh   setopt prompt_subst; precmd_functions+=(__codex_auth_prompt); PROMPT='$CODEX_AUTH_PROMPT %~ %# '",
  '  fish  call it in fish_prompt, then: echo -n "$CODEX_AUTH_PROMPT > "',
  "",
  "For scripts, CI and containers, where no function reaches:",
  "",
  '  export PATH="$(codex-auth init --path):$PATH"',
].join("\n");

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(`${command.description()}.\n\n${about}`)
      .addArgument(command.createArgument("[shell]", "whose language to print").choices(shells))
      .option("--path", "print the folder to put first on PATH instead"),
  examples: [
    ["codex auth init bash", "the text to evaluate"],
    ["codex auth init --path", "the folder to put first on PATH"],
  ],
  schema,
  run: (ctx: Context, [shell]: [Shell?], { path: isPath = false }: { path?: boolean }) => {
    const path = `${ctx.packageRoot}/bin`;
    if (isPath === (shell !== undefined)) throw usage();
    if (shell === undefined) return Promise.resolve({ shell: null, script: null, path });
    const { wrapper, prompt, completion } = shellText(shell, `${path}/codex-auth`);
    const script = [wrapper, prompt, completion].filter((part) => part !== null).join("\n");
    return Promise.resolve({ shell, script, path });
  },
  render: ({ script, path }) => script ?? `${path}\n`,
  isVerbatim: true,
});

function usage(): CodexAuthError {
  return new CodexAuthError("usage", "Name your shell, or --path.", {
    hint: `Usage: codex auth init ${shells.join("|")}, or codex auth init --path`,
  });
}
