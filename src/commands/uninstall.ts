import type { Command } from "commander";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { accountName } from "../store/account-name.ts";
import type { Account } from "../store/account.ts";
import type { OwnFile, OwnPart } from "../store/own-files.ts";
import { safeText } from "../ui/safe-text.ts";

interface Options {
  keep?: string[];
  dryRun?: boolean;
  yes?: boolean;
  forgetAccounts?: boolean;
}

const keepable: readonly OwnPart[] = ["accounts", "backups", "history"];

const description = `List everything that codex-auth has written, and remove it.

auth.json and config.toml are Codex's and stay as they are, with the login that is in use. Nothing is revoked. The
logins of the other accounts exist only in the pool: keep them, export them first, or say --forget-accounts.`;

const fileSchema = (z: Zod) =>
  z.object({ path: z.string(), part: z.enum(["accounts", "backups", "history", "working files"]) });

const schema = (z: Zod) =>
  z.object({
    dryRun: z.boolean(),
    removed: z.array(fileSchema(z)).describe("with --dry-run: what would be removed"),
    kept: z.array(fileSchema(z)),
    next: z.array(z.string()).describe("what is left to do by hand"),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(description)
      .option("--keep <part...>", `leave these: ${keepable.join(", ")}`)
      .option("--dry-run", "list it, and remove nothing")
      .option("--yes", "do not ask")
      .option("--forget-accounts", "also accounts whose login is nowhere else"),
  examples: [
    ["codex auth uninstall --dry-run", "list it"],
    ["codex auth uninstall --keep accounts --keep backups", "remove the rest"],
  ],
  schema,
  async run(ctx: Context, _: [], options: Options) {
    const { dryRun = false } = options;
    const keep = keptParts(options.keep ?? []);
    const all = ctx.store.ownFiles();
    const isKept = ({ part }: OwnFile) => keep.includes(part);
    const removed = all.filter((file) => !isKept(file));
    if (!dryRun && removed.length > 0) {
      await requireConsent(ctx, removed, { ...options, lost: await lostAccounts(ctx, keep) });
      await ctx.store.removeOwnFiles(removed);
    }
    return { dryRun, removed, kept: all.filter(isKept), next };
  },
  render: ({ dryRun, removed, kept, next: steps }) => {
    const list = (files: readonly OwnFile[]) => files.map(({ path, part }) => `  ${path} (${part})`);
    if (removed.length === 0) return ["There is nothing to remove.", ...steps].join("\n");
    const lines = [dryRun ? "This would be removed:" : "Removed:", ...list(removed)];
    if (kept.length > 0) lines.push("Kept:", ...list(kept));
    return [...lines, ...(dryRun ? [] : steps)].join("\n");
  },
});

const next = [
  'Take the line with "codex-auth init" out of your shell\'s start file, if you put one there.',
  "Files named .codex-auth, which use-here wrote, stand in your folders; no list of them is kept.",
  "Remove the program: npm uninstall -g codex-auth",
];

function keptParts(words: readonly string[]): OwnPart[] {
  return words.map((word) => {
    const part = keepable.find((each) => each === word);
    if (part) return part;
    const hint = `The parts are: ${keepable.join(", ")}.`;
    throw new CodexAuthError("usage", `There is no part ${word} to keep.`, { hint });
  });
}

/** Accounts whose login stands in no file but the pool. */
async function lostAccounts({ store }: Context, keep: readonly OwnPart[]): Promise<readonly Account[]> {
  if (keep.includes("accounts")) return [];
  const { pool, active } = await store.read();
  return pool.accounts.filter(({ id }) => id !== active?.id);
}

interface Consent extends Options {
  lost: readonly Account[];
}

async function requireConsent(
  ctx: Context,
  files: readonly OwnFile[],
  { yes = false, forgetAccounts = false, lost }: Consent,
): Promise<void> {
  if (lost.length > 0 && !forgetAccounts) {
    const names = lost.map(accountName).join(", ");
    const hint =
      "Keep them: codex auth uninstall --keep accounts. Or write them out first: codex auth export. Or forget them: --forget-accounts";
    throw new CodexAuthError("accounts_would_be_lost", `These logins are nowhere else: ${names}.`, { hint });
  }
  if (yes) return;
  if (!ctx.stdin.isTerminal || !ctx.stderr.isTerminal) {
    const hint = "See what would be removed: codex auth uninstall --dry-run. Then add --yes.";
    throw new CodexAuthError("usage", "Nobody can be asked here.", { hint });
  }
  ctx.stderr.write(`${files.map(({ path }) => safeText(path)).join("\n")}\n`);
  const answer = await ctx.prompt("Remove all of this? [y/N] ");
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new CodexAuthError("interrupted", "Nothing was removed.", { hint: "Run the command again." });
}
