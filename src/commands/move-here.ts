import type { Command } from "commander";
import type { Context } from "../context.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { accountSchema, reportOf } from "../reports/account.ts";

const schema = (z: Zod) =>
  z.object({
    from: z.string().nullable().describe("the CODEX_HOME that the pool served; null when it was this one"),
    to: z.string().describe("the CODEX_HOME that it serves now"),
    account: accountSchema(z).nullable().describe("the account that was live there"),
    hasOwnLogin: z.boolean().describe("auth.json here holds a login that the pool does not have"),
  });

// The help wraps each paragraph by itself.
const about = [
  "A pool serves one CODEX_HOME: a renewed token is written into one auth.json, and another one would keep the used-up token. So a CODEX_AUTH_DIR that is used with a second CODEX_HOME is refused, until this command, run with that second one, takes the pool along.",
  "",
  "The login in the old auth.json goes into the pool, newer tokens of Codex included, and the file away; nothing is revoked. No Codex may run there meanwhile. auth.json here stays as it is.",
].join("\n");

export default defineCommand({
  flags: (command: Command) => command.description(`${command.description()}.\n\n${about}`),
  examples: [["CODEX_HOME=~/work codex auth move-here", "from now on the pool serves ~/work"]],
  schema,
  async run(ctx: Context) {
    const { from, account, hasOwnLogin } = await ctx.store.moveHere();
    const snapshot = await ctx.store.read();
    const current = snapshot.pool.accounts.find(({ id }) => id === account?.id);
    const report = current ? reportOf(snapshot, current, ctx.now(), ctx.store.usage()) : null;
    return { from, to: ctx.store.paths.codexHome, account: report, hasOwnLogin };
  },
  render: ({ from, to, account, hasOwnLogin }) => {
    if (from === null) return `The pool serves ${to} already.`;
    const lines = [`The pool serves ${to} now, and no longer ${from}.`];
    if (account)
      lines.push(
        `Codex is not logged in there any more; nothing was revoked. To use that account here: codex auth switch ${account.id}`,
      );
    if (hasOwnLogin) lines.push("auth.json here holds another login. To take it in: codex auth import");
    return lines.join("\n");
  },
});
