import type { Command } from "commander";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../pool/account.ts";
import { selectAccount } from "../pool/select.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { accountSchema, reportOf } from "../reports/account.ts";
import { accountVariable, removeFolderRule, writeFolderRule } from "../store/files/folder-rule.ts";

const schema = (z: Zod) =>
  z.object({
    folder: z.string(),
    account: accountSchema(z).nullable().describe("the account of the folder from now on; null with --clear"),
    file: z.string().nullable().describe("the file that says so; null with --clear"),
    cleared: z.boolean().describe("there was a file, and it is gone"),
    overriddenBy: z.string().nullable().describe("a variable that is set and comes first"),
  });

// The help wraps each paragraph by itself.
const about = [
  "Writes .codex-auth, a file with the label of the account or else its id: no secret, fit to be committed. From this folder and all below it, `codex auth exec` without an account takes that one, and `codex auth status` shows it.",
  "",
  "What comes first: the account on the command line, CODEX_AUTH_ACCOUNT, the nearest .codex-auth, the active account.",
  "",
  "auth.json stays as it is, so plain codex uses the active account everywhere. For that of the folder: codex auth exec -- codex",
].join("\n");

export default defineCommand({
  flags: (command: Command) =>
    command
      .description(`${command.description()}.\n\n${about}`)
      .argument("[account]", "row, label or e-mail (or a unique part), id (or its first 4 characters), or -")
      .option("--clear", "remove the file of this folder"),
  examples: [
    ["codex auth use-here work", "exec takes it in this folder and below"],
    ["codex auth use-here --clear", "no longer"],
  ],
  schema,
  async run(ctx: Context, [wanted]: [string?], { clear = false }: { clear?: boolean }) {
    if (clear === (wanted !== undefined)) {
      throw new CodexAuthError("usage", "Give an account, or --clear.", {
        hint: "Usage: codex auth use-here <account>",
      });
    }
    const folder = ctx.cwd;
    const overriddenBy = ctx.env[accountVariable] ? accountVariable : null;
    if (wanted === undefined) {
      const cleared = removeFolderRule(ctx.fs, folder);
      return { folder, account: null, file: null, cleared, overriddenBy };
    }
    const snapshot = await ctx.store.read();
    const account = selectAccount(snapshot, wanted);
    const file = writeFolderRule(ctx.fs, folder, ruleNameOf(account));
    const report = reportOf(snapshot, account, ctx.now(), ctx.store.usage());
    return { folder, account: report, file, cleared: false, overriddenBy };
  },
  render: ({ folder, account, cleared }, ui) => {
    const where = folder;
    if (account === null)
      return cleared ? `${where} has no account of its own now.` : `${where} had no account of its own.`;
    const name = account.label === null ? account.name : `${account.label} (${account.name})`;
    return `${ui.bold(name)} is the account of ${where} and below. Use it: codex auth exec -- codex`;
  },
  notes: ({ overriddenBy }) =>
    overriddenBy === null ? [] : [`${overriddenBy} is set, and comes before every folder.`],
});

/** The file may be committed, so it tells no e-mail; a line with # in front is a comment. */
function ruleNameOf({ label, id }: Account): string {
  return label === null || label.startsWith("#") ? id : label;
}
