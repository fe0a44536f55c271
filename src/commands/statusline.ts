import type { Command } from "commander";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { lineFields } from "../cli/line-fields.ts";
import { fillTemplate } from "../ui/template.ts";

interface Options {
  format: string;
}

const schema = (z: Zod) =>
  z.object({
    text: z.string(),
    fields: z.record(z.string(), z.string()).describe("what the template may use; empty when not known"),
  });

const usual = "{account}[ 5h {short}%][ week {week}%][ ({age} old)][ {renewal}]";

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(`${command.description()}.\n\n${about}`)
      .option(
        "--format <template>",
        "fields in braces; a part in brackets only shows when its fields are known",
        usual,
      ),
  examples: [["codex auth statusline", "one short line for a prompt"]],
  schema,
  async run(ctx: Context, _args: [], { format }: Options) {
    const fields = await lineFields(ctx);
    return { text: fillTemplate(format, fields), fields };
  },
  render: ({ text }) => `${text}\n`,
});

// The help wraps each paragraph by itself.
const about = [
  "Reads only auth.json, the pool and the figures that other commands kept; asks nothing and waits for nothing. What is not known is left out: then the line is empty, and the exit code is 0.",
  "",
  "Fields: {account} label or e-mail, {label}, {email}, {plan}, {row}, {state} as in list;",
  "{renewal}: renewal unclear, or renewal backing off, while its access token has ended;",
  "{short} and {week}: percent left; {short_meter} and {week_meter}: as bars;",
  "{short_reset} and {week_reset}: time to the reset;",
  "{age}: of the figures, when they are older than 15 minutes. {{ is a brace.",
].join("\n");
