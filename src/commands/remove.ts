import type { Command } from "commander";
import { afterLostAnswer, troubleBefore } from "../auth/renewal-trouble.ts";
import { accountSchema, reportAccounts } from "../cli/account-report.ts";
import { codexAtWork, isInUse } from "../cli/codex-risk.ts";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { selectWholeAccounts } from "../cli/select-account.ts";
import { fingerprint } from "../store/account-id.ts";
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
    risk: z
      .string()
      .nullable()
      .describe(
        "who may have renewed the login of auth.json at that moment, so that the backup has a used-up token",
      ),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .argument("<account...>", "rows, whole labels, e-mails or ids, or -")
      .option(
        "--force",
        "also the active account, and auth.json with it; what a running Codex renews at that moment is lost",
      ),
  examples: [["codex auth remove 3", "forget it here; the login stays valid"]],
  schema,
  async run(ctx: Context, [wanted]: [string[]], { force = false }: { force?: boolean }) {
    const run = (risk: string | null) =>
      ctx.store.transaction("remove", (draft) => {
        const chosen = selectWholeAccounts(draft, wanted);
        const before = reportAccounts(draft, ctx.now(), ctx.store.usage());
        for (const account of chosen) draft.awaitRenewal(account);
        if (risk !== null) doubtLive(draft, ctx.now());
        draft.backUp();
        for (const account of chosen)
          forget(account, draft, { isForced: force, ignoresCodex: risk !== null });
        return before.filter(({ id }) => chosen.some((account) => account.id === id));
      });
    let risk: string | null = null;
    const removed = await run(null).catch(async (error: unknown) => {
      if (!force || !isInUse(error)) throw error;
      risk = codexAtWork(ctx, await ctx.store.read()) ?? "a running Codex may have renewed its login";
      return await run(risk);
    });
    return { removed, authFileRemoved: removed.some(({ active }) => active), risk };
  },
  render: ({ removed, authFileRemoved, risk }) => {
    const names = removed.map(({ label, name }) => safeText(label ?? name)).join(", ");
    const lines = [`Removed ${names}. The login itself is not revoked.`];
    if (authFileRemoved) lines.push("auth.json was removed too: Codex is not logged in now.");
    if (risk !== null)
      lines.push(
        `But ${safeText(risk)} just then: where it was, the new token is lost, and after an undo that account needs a new login.`,
      );
    const undo = "Undo: codex auth backup restore latest";
    const [first] = removed;
    return [...lines, authFileRemoved && first ? `${undo}, then codex auth switch ${first.id}` : undo].join(
      "\n",
    );
  },
});

/** The backup must not promise a token that a Codex may have spent. */
function doubtLive({ active }: Draft, nowMs: number): void {
  if (!active) return;
  const token = fingerprint(active.login.refreshToken);
  const why = "a running Codex may have used it";
  active.refresh = afterLostAnswer({ before: troubleBefore(active.refresh, token), token, nowMs, why });
}

function forget(
  account: Account,
  draft: Draft,
  { isForced, ignoresCodex }: { isForced: boolean; ignoresCodex: boolean },
): void {
  const { pool } = draft;
  if (draft.active?.id === account.id) {
    if (!isForced) throw activeError(account);
    draft.deactivate({ ignoresCodex });
  }
  retireAccount(pool, account);
  if (pool.previousId === account.id) pool.previousId = null;
}

function activeError(account: Account): CodexAuthError {
  return new CodexAuthError("account_active", `${accountName(account)} is the active account.`, {
    hint: "Switch to another one first, or add --force to remove auth.json too. Nothing was changed.",
  });
}
