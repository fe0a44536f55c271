import type { Command } from "commander";
import { accountSchema, reportAccounts } from "../cli/account-report.ts";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { selectAccounts } from "../cli/select-account.ts";
import { accountName } from "../store/account-name.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../store/account.ts";
import type { Draft } from "../store/store.ts";
import { retireAccount } from "../store/retired-tokens.ts";
import { safeText } from "../ui/safe-text.ts";

const schema = (z: Zod) =>
  z.object({
    removed: z.array(accountSchema(z)).describe("as they were; rows of the old list"),
    authFileRemoved: z.boolean(),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .argument("<account...>", "rows, labels, e-mails, ids, or -")
      .option("--force", "also the active account, and auth.json with it"),
  examples: [["codex auth remove 3", "forget it here; the login stays valid"]],
  schema,
  async run(ctx: Context, [wanted]: [string[]], { force = false }: { force?: boolean }) {
    const removed = await ctx.store.transaction("remove", (draft) => {
      const chosen = selectAccounts(draft, wanted);
      const before = reportAccounts(draft, ctx.now(), ctx.store.usage());
      draft.backUp();
      for (const account of chosen) forget(account, draft, force);
      return before.filter(({ id }) => chosen.some((account) => account.id === id));
    });
    return { removed, authFileRemoved: removed.some(({ active }) => active) };
  },
  render: ({ removed, authFileRemoved }) => {
    const names = removed.map(({ label, name }) => safeText(label ?? name)).join(", ");
    const lines = [`Removed ${names}. The login itself is not revoked.`];
    if (authFileRemoved) lines.push("auth.json was removed too: Codex is not logged in now.");
    const undo = "Undo: codex auth backup restore latest";
    const [first] = removed;
    return [...lines, authFileRemoved && first ? `${undo}, then codex auth switch ${first.id}` : undo].join(
      "\n",
    );
  },
});

function forget(account: Account, draft: Draft, isForced: boolean): void {
  const { pool } = draft;
  if (draft.active?.id === account.id) {
    if (!isForced) throw activeError(account);
    draft.deactivate();
  }
  retireAccount(pool, account);
  if (pool.previousId === account.id) pool.previousId = null;
}

function activeError(account: Account): CodexAuthError {
  return new CodexAuthError("account_active", `${accountName(account)} is the active account.`, {
    hint: "Switch to another one first, or add --force to remove auth.json too. Nothing was changed.",
  });
}
