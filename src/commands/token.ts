import type { Command } from "commander";
import { usableLogin } from "../auth/usable-login.ts";
import { accountSchema, reportOf } from "../cli/account-report.ts";
import { withDelays } from "../cli/delayed-renewal.ts";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { selectAccount } from "../cli/select-account.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";

const schema = (z: Zod) =>
  z.object({
    account: accountSchema(z),
    renewed: z.boolean().describe("the old access token had ended, or was about to"),
  });

export default defineCommand({
  flags: (command: Command) =>
    command.argument(
      "<account>",
      "row, label or e-mail (or a unique part), id (or its first 4 characters), or -",
    ),
  examples: [["codex auth token work", "print an access token; renews it only when it has ended"]],
  schema,
  async run(ctx: Context, [wanted]: [string], { json = false }: { json?: boolean }) {
    const account = selectAccount(await ctx.store.read(), wanted);
    const login = await usableLogin(withDelays(ctx), account);
    // JSON never holds a secret: it tells what a script needs to know beside the token.
    if (!json) ctx.stdout.write(`${login.accessToken}\n`);
    const later = await ctx.store.read();
    const current = later.pool.accounts.find(({ id }) => id === account.id);
    if (!current) throw new CodexAuthError("account_not_found", "The account was removed meanwhile.");
    return {
      account: reportOf(later, current, ctx.now(), ctx.store.usage()),
      renewed: login.accessToken !== account.login.accessToken,
    };
  },
  render: () => "",
});
