import type { Command } from "commander";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { checkedLabel, refuseTakenLabel, selectAccount } from "../pool/select.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { accountSchema, reportOf } from "../reports/account.ts";

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
    const account = await ctx.store.transaction("label", (transaction) => {
      const chosen = selectAccount(transaction, wanted);
      refuseTakenLabel(transaction.pool.accounts, chosen, label);
      chosen.label = label;
      return reportOf(transaction, chosen, ctx.now(), ctx.store.usage());
    });
    return { account };
  },
  render: ({ account }, ui) => {
    const name = account.name;
    return account.label === null
      ? `${name} has no label now.`
      : `${name} is now called ${ui.bold(account.label)}.`;
  },
});
