import type { Command } from "commander";
import type { Context } from "../context.ts";
import { selectAccounts } from "../pool/select.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { accountSchema, reportAccounts } from "../reports/account.ts";

const schema = (z: Zod) =>
  z.object({
    accounts: z.array(accountSchema(z)),
    unchanged: z.array(z.string()).describe("ids of those that were so before"),
  });

/** `pause` and `resume` are one command with two directions. */
function definePausing({
  isPause,
  ...words
}: {
  isPause: boolean;
  does: string;
  done: string;
  unchanged: string;
}) {
  return defineCommand({
    flags: (command: Command) => command.argument("<account...>", "rows, labels, e-mails, ids, or -"),
    examples: [[`codex auth ${isPause ? "pause" : "resume"} work`, words.does]],
    schema,
    async run(ctx: Context, [wanted]: [string[]]) {
      const since = new Date(ctx.now()).toISOString();
      return await ctx.store.transaction(isPause ? "pause" : "resume", (transaction) => {
        const chosen = selectAccounts(transaction, wanted);
        const unchanged = chosen
          .filter(({ pausedAt }) => (pausedAt !== null) === isPause)
          .map(({ id }) => id);
        for (const account of chosen) account.pausedAt = isPause ? (account.pausedAt ?? since) : null;
        const all = reportAccounts(transaction, ctx.now(), ctx.store.usage());
        return { accounts: all.filter(({ id }) => chosen.some((account) => account.id === id)), unchanged };
      });
    },
    render: ({ accounts, unchanged }) =>
      accounts
        .map(({ id, label, name }) => {
          const does = unchanged.includes(id) ? words.unchanged : words.done;
          return `${label ?? name} ${does}.`;
        })
        .join("\n"),
  });
}

export const pause = definePausing({
  isPause: true,
  does: "out of automatic selection",
  done: "is paused: nothing selects it by itself, `switch` still takes it",
  unchanged: "was paused already",
});

export const resume = definePausing({
  isPause: false,
  does: "back into selection",
  done: "is in use again",
  unchanged: "was not paused",
});
