import type { Command } from "commander";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { type Account, accountName, nameAmong } from "../pool/account.ts";
import { movingOf } from "../pool/moving.ts";
import { defineCommand, offering, type Zod } from "../program/command.ts";
import type { OwnFile } from "../store/files/our-files.ts";
import type { OwnPart } from "../store/files/our-names.ts";
import type { Removal, Snapshot } from "../store/store.ts";
import { safe } from "../text/safe-text.ts";

interface Options {
  keep?: string[];
  dryRun?: boolean;
  yes?: boolean;
  forgetAccounts?: boolean;
}

const keepable: readonly OwnPart[] = ["accounts", "backups", "history"];

const description = `List everything that codex-auth has written, and remove it.

auth.json and config.toml are Codex's and stay as they are, with the login that is in use. Nothing is revoked. What is
nowhere else, such as the logins of the other accounts, or of one that only a backup has, or what keys of a gateway
have used while its database was away, goes only with --forget-accounts: keep or export it first.`;

const fileSchema = (z: Zod) =>
  z.object({ path: z.string(), part: z.enum(["accounts", "backups", "history", "working files"]) });

const schema = (z: Zod) =>
  z.object({
    dryRun: z.boolean(),
    removed: z.array(fileSchema(z)).describe("with --dry-run: what would be removed"),
    kept: z.array(fileSchema(z)),
    foreign: z.array(z.string()).describe("paths among them that codex-auth did not write; they stay"),
    next: z.array(z.string()).describe("what is left to do by hand"),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(description)
      .addOption(
        offering(command.createOption("--keep <part...>", `leave these: ${keepable.join(", ")}`), keepable),
      )
      .option("--dry-run", "list it, and remove nothing")
      .option("--yes", "do not ask")
      .option("--forget-accounts", "also what is nowhere else"),
  examples: [
    ["codex auth uninstall --dry-run", "list it"],
    ["codex auth uninstall --keep accounts --keep backups", "remove the rest"],
  ],
  schema,
  async run(ctx: Context, _: [], options: Options) {
    const { dryRun = false } = options;
    const keep = keptParts(options.keep ?? []);
    const isWanted = ({ part }: OwnFile) => !keep.includes(part);
    const all = ctx.store.ownFiles();
    const kept = all.filter((file) => !isWanted(file));
    const foreign = ctx.store.foreignFiles();
    const planned = all.filter(isWanted);
    const report = { dryRun, removed: planned, kept, foreign, next };
    if (dryRun || planned.length === 0) return report;
    const check: Removal["check"] = options.forgetAccounts
      ? () => undefined
      : (snapshot, only) => refuseLoss(keep.includes("accounts") ? [] : onlyInPool(snapshot), only);
    // What a killed command left may still find its way into auth.json.
    await ctx.store.transaction("uninstall", () => undefined);
    check(await ctx.store.read(), []);
    if (!options.yes) await requireConsent(ctx, planned);
    return { ...report, removed: await ctx.store.removeOwnFiles({ isWanted, check }) };
  },
  render: ({ dryRun, removed, kept, foreign, next: steps }) => {
    const list = (files: readonly OwnFile[]) => files.map(({ path, part }) => `  ${path} (${part})`);
    if (removed.length === 0) return ["There is nothing to remove.", ...steps].join("\n");
    const lines = [dryRun ? "This would be removed:" : "Removed:", ...list(removed)];
    if (kept.length > 0) lines.push("Kept:", ...list(kept));
    if (foreign.length > 0)
      lines.push("Not written by codex-auth, so left alone:", ...foreign.map((path) => `  ${path}`));
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

/** The login that is in auth.json is not lost; a newer one that only the pool has is. */
function onlyInPool({ pool, active, live }: Snapshot): string[] {
  const isLive = (account: Account) =>
    account === active && account.login.refreshToken === live.login?.refreshToken;
  const lost = pool.accounts.filter((account) => !isLive(account)).map(nameAmong(pool.accounts));
  const moving = movingOf(pool).map(
    ({ account, place }) =>
      `${accountName(account, pool.accounts)} (on its way to the database ${place}; end that first: codex auth gateway adopt ${account.id})`,
  );
  const unreadable = pool.unreadable.length > 0 ? [`${pool.unreadable.length} unreadable in pool.json`] : [];
  return [...lost, ...moving, ...unreadable];
}

function refuseLoss(inPool: readonly string[], others: readonly string[]): void {
  const names = [...inPool, ...others];
  if (names.length === 0) return;
  const hint =
    "Keep the logins: codex auth uninstall --keep accounts --keep backups. Or write them out first: codex auth export. Or forget all of it: --forget-accounts";
  const message = `This is nowhere else: ${names.join(", ")}.`;
  throw new CodexAuthError("accounts_would_be_lost", message, { hint });
}

async function requireConsent(ctx: Context, files: readonly OwnFile[]): Promise<void> {
  if (!ctx.stdin.isTerminal || !ctx.stderr.isTerminal) {
    const hint = "See what would be removed: codex auth uninstall --dry-run. Then add --yes.";
    throw new CodexAuthError("usage", "This is not a terminal, so codex-auth cannot ask.", { hint });
  }
  ctx.stderr.write(files.map(({ path }) => safe`${path}\n`).join(""));
  const answer = await ctx.prompt("Remove all of this? [y/N] ");
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new CodexAuthError("interrupted", "Nothing was removed.", { hint: "Run the command again." });
}
