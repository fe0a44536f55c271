import type { Command } from "commander";
import { usableLogin } from "../auth/renew/usable-login.ts";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { selectAccount } from "../pool/select.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { accountSchema, reportOf } from "../reports/account.ts";
import { withDelays } from "../reports/live-probe.ts";

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
