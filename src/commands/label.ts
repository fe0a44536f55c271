import type { Command } from "commander";
import { accountSchema, reportOf } from "../cli/account-report.ts";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { selectAccount } from "../cli/select-account.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../store/account.ts";
import { safeText } from "../ui/safe-text.ts";

const schema = (z: Zod) => z.object({ account: accountSchema(z) });

export default defineCommand({
  flags: (command: Command) =>
    command
      .argument("<account>", "row, label, e-mail, id, a unique part of one, or -")
      .argument("[name]", "the label; left out with --clear")
      .option("--clear", "take the label away"),
  schema,
  async run(ctx: Context, [wanted, name]: [string, string?], { clear = false }: { clear?: boolean }) {
    if (clear === (name !== undefined)) {
      throw new CodexAuthError("usage", "Give a label, or --clear.", {
        hint: "Usage: codex auth label <account> <name>",
      });
    }
    const label = name === undefined ? null : checked(name);
    const account = await ctx.store.transaction("label", (draft) => {
      const chosen = selectAccount(draft, wanted);
      refuseTaken(draft.pool.accounts, chosen, label);
      chosen.label = label;
      return reportOf(draft, chosen, ctx.now(), ctx.store.usage());
    });
    return { account };
  },
  render: ({ account }, ui) => {
    const name = safeText(account.email ?? account.id);
    return account.label === null
      ? `${name} has no label now.`
      : `${name} is now ${ui.bold(safeText(account.label))}.`;
  },
});

/** A label must never be readable as anything else that may stand for an account, nor play tricks on a terminal. */
function checked(name: string): string {
  const label = name.trim();
  const problem = problemOf(label);
  if (problem === null) return label;
  throw new CodexAuthError("label_invalid", `"${safeText(name)}" cannot be a label: ${problem}.`, {
    hint: "Use a short word, for example: codex auth label 2 work",
  });
}

function problemOf(label: string): string | null {
  if (label === "" || label.length > 40) return "it needs 1 to 40 characters";
  if (/^[+-]?\d+(\.\d*)?$/.test(label)) return "it would be read as a row number";
  if (label.startsWith("-")) return "it would be read as an option";
  if (label.includes("@")) return "it would be read as an e-mail address";
  return safeText(label) === label ? null : "it holds characters that a terminal acts on";
}

function refuseTaken(accounts: readonly Account[], own: Account, label: string | null): void {
  if (label === null) return;
  const row = accounts.findIndex((each) => each !== own && each.label?.toLowerCase() === label.toLowerCase());
  if (row === -1) return;
  throw new CodexAuthError("label_taken", `Account ${row + 1} already has the label ${label}.`, {
    hint: `Take it away first: codex auth label ${row + 1} --clear`,
  });
}
