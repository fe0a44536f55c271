import type { Command } from "commander";
import { afterLostAnswer, troubleBefore } from "../pool/renewal-trouble.ts";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { type Account, accountName, fingerprint } from "../pool/account.ts";
import { retireAccount } from "../pool/pool.ts";
import { selectWholeAccounts } from "../pool/select.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { accountSchema, reportAccounts } from "../reports/account.ts";
import { codexAtWork, isInUse } from "../reports/running-codex.ts";
import type { LivePlace } from "../store/auth-file.ts";
import type { Transaction } from "../store/store.ts";

const schema = (z: Zod) =>
  z.object({
    removed: z.array(accountSchema(z)).describe("as they were; rows of the old list"),
    authFileRemoved: z.boolean().describe("the login that Codex used was removed too"),
    place: z.enum(["file", "keyring"]).describe("where Codex keeps its login"),
    risk: z
      .string()
      .nullable()
      .describe(
        "who may have renewed the login of auth.json at that moment, so that the backup has a used-up token",
      ),
  });

const about =
  "The logins are not revoked: they stay valid at OpenAI, and a backup of the pool keeps them (codex auth backup list). The active account is removed only with --force. If a Codex renews its token at that moment, the new token is lost.";

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(`${command.description()}.\n\n${about}`)
      .argument("<account...>", "rows, whole labels, e-mails or ids, or -")
      .option("--force", "remove the active account too, and auth.json with it"),
  examples: [["codex auth remove 3", "forget it here; the login stays valid"]],
  schema,
  async run(ctx: Context, [wanted]: [string[]], { force = false }: { force?: boolean }) {
    const run = (risk: string | null) =>
      ctx.store.transaction("remove", (transaction) => {
        const chosen = selectWholeAccounts(transaction, wanted);
        const before = reportAccounts(transaction, ctx.now(), ctx.store.usage());
        for (const account of chosen) transaction.awaitRenewal(account);
        if (risk !== null) doubtLive(transaction, ctx.now());
        transaction.backUp();
        for (const account of chosen)
          forget(account, transaction, { isForced: force, ignoresCodex: risk !== null });
        place = transaction.live.place.kind;
        return before.filter(({ id }) => chosen.some((account) => account.id === id));
      });
    let place: LivePlace["kind"] = "file";
    let risk: string | null = null;
    const removed = await run(null).catch(async (error: unknown) => {
      if (!force || !isInUse(error)) throw error;
      risk = codexAtWork(ctx, await ctx.store.read()) ?? "a running Codex may have renewed its login";
      return await run(risk);
    });
    return { removed, authFileRemoved: removed.some(({ active }) => active), place, risk };
  },
  render: ({ removed, authFileRemoved, place, risk }) => {
    const names = removed.map(({ label, name }) => label ?? name).join(", ");
    const lines = [`Removed ${names}. The login itself is not revoked.`];
    const gone = place === "file" ? "auth.json was removed" : "Its entry in the keyring was removed";
    if (authFileRemoved) lines.push(`${gone} too: Codex is not logged in now.`);
    if (risk !== null)
      lines.push(
        `But ${risk} just then: where it was, the new token is lost, and after an undo that account needs a new login.`,
      );
    const undo = "Undo: codex auth backup restore latest";
    const [first] = removed;
    return [...lines, authFileRemoved && first ? `${undo}, then codex auth switch ${first.id}` : undo].join(
      "\n",
    );
  },
});

/** The backup must not promise a token that a Codex may have spent. */
function doubtLive({ active }: Transaction, nowMs: number): void {
  if (!active) return;
  const token = fingerprint(active.login.refreshToken);
  const why = "a running Codex may have used it";
  active.refresh = afterLostAnswer({ before: troubleBefore(active.refresh, token), token, nowMs, why });
}

function forget(
  account: Account,
  transaction: Transaction,
  { isForced, ignoresCodex }: { isForced: boolean; ignoresCodex: boolean },
): void {
  const { pool } = transaction;
  if (transaction.active?.id === account.id) {
    if (!isForced) throw activeError(accountName(account, pool.accounts));
    transaction.deactivate({ ignoresCodex });
  }
  retireAccount(pool, account);
  if (pool.previousId === account.id) pool.previousId = null;
}

function activeError(name: string): CodexAuthError {
  return new CodexAuthError("account_active", `${name} is the active account.`, {
    hint: "Switch to another one first, or add --force to remove auth.json too. Nothing was changed.",
  });
}
