import type { Command } from "commander";
import { accountSchema, reportOf } from "../cli/account-report.ts";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { checkedLabel, refuseTakenLabel } from "../cli/labels.ts";
import { selectAccount } from "../cli/select-account.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { safeText } from "../ui/safe-text.ts";

const schema = (z: Zod) => z.object({ account: accountSchema(z) });

export default defineCommand({
  flags: (command: Command) =>
    command
      .argument("<account>", "row, label or e-mail (or a unique part), id (or its first 4 characters), or -")
      .argument("[name]", "the label; left out with --clear")
      .option("--clear", "take the label away"),
  examples: [
    ["codex auth label 2 work", "call the second account work"],
    ["codex auth label work --clear", "take the name away"],
  ],
  schema,
  async run(ctx: Context, [wanted, name]: [string, string?], { clear = false }: { clear?: boolean }) {
    if (clear === (name !== undefined)) {
      throw new CodexAuthError("usage", "Give a label, or --clear.", {
        hint: "Usage: codex auth label <account> <name>",
      });
    }
    const label = name === undefined ? null : checkedLabel(name);
    const account = await ctx.store.transaction("label", (draft) => {
      const chosen = selectAccount(draft, wanted);
      refuseTakenLabel(draft.pool.accounts, chosen, label);
      chosen.label = label;
      return reportOf(draft, chosen, ctx.now(), ctx.store.usage());
    });
    return { account };
  },
  render: ({ account }, ui) => {
    const name = safeText(account.name);
    return account.label === null
      ? `${name} has no label now.`
      : `${name} is now ${ui.bold(safeText(account.label))}.`;
  },
});
