import type { Command } from "commander";
import { safeText } from "../ui/safe-text.ts";
import { accountSchema, reportAccounts } from "./account-report.ts";
import type { Context } from "./context.ts";
import { defineCommand } from "./define-command.ts";
import type { Zod } from "./define-command.ts";
import { selectAccounts } from "./select-account.ts";

const schema = (z: Zod) => z.object({ accounts: z.array(accountSchema(z)) });

/** `pause` and `resume` are one command with two directions. */
export function definePausing({ isPause, done, does }: { isPause: boolean; done: string; does: string }) {
  return defineCommand({
    flags: (command: Command) => command.argument("<account...>", "rows, labels, e-mails, ids, or -"),
    examples: [[`codex auth ${isPause ? "pause" : "resume"} work`, does]],
    schema,
    async run(ctx: Context, [wanted]: [string[]]) {
      const since = new Date(ctx.now()).toISOString();
      const accounts = await ctx.store.transaction(isPause ? "pause" : "resume", (draft) => {
        const chosen = selectAccounts(draft, wanted);
        for (const account of chosen) account.pausedAt = isPause ? (account.pausedAt ?? since) : null;
        return reportAccounts(draft, ctx.now(), ctx.store.usage()).filter(({ id }) =>
          chosen.some((account) => account.id === id),
        );
      });
      return { accounts };
    },
    render: ({ accounts }) =>
      accounts.map(({ label, name }) => `${safeText(label ?? name)} ${done}.`).join("\n"),
  });
}
