import type { Command } from "commander";
import type { Context } from "../context.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { type Shell, shells, shellText } from "../program/shell/shells.ts";

const schema = (z: Zod) => z.object({ shell: z.enum(shells), script: z.string() });

const about =
  "For a shell that gets its completions from files of their own; `codex auth init` brings them along. They offer commands, options, labels and e-mails as they are at that moment, and ask no network.";

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(`${command.description()}.\n\n${about}`)
      .addArgument(command.createArgument("<shell>", "whose language to print").choices(shells)),
  examples: [["codex auth completion fish", "the completions alone"]],
  schema,
  run: (ctx: Context, [shell]: [Shell]) => {
    const { completion } = shellText(shell, `${ctx.packageRoot}/bin/codex-auth`);
    return Promise.resolve({ shell, script: completion });
  },
  render: ({ script }) => script,
  isVerbatim: true,
});
