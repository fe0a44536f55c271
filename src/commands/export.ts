import type { Command } from "commander";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { selectAccounts } from "../cli/select-account.ts";
import { accountName } from "../store/account-name.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { authFileText } from "../store/auth-file.ts";
import { writeExport } from "../store/export-file.ts";
import type { Account } from "../store/account.ts";
import { safeText } from "../ui/safe-text.ts";

interface Options {
  format: string;
  out?: string;
  yes?: boolean;
  json?: boolean;
}

const schema = (z: Zod) =>
  z.object({
    format: z.literal("codex"),
    sharesRefreshToken: z.boolean().describe("a copy can renew itself, so it must not be used in two places"),
    files: z.array(
      z.object({ accountId: z.string(), name: z.string(), path: z.string().describe("- for stdout") }),
    ),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .argument("<account...>", "rows, labels, e-mails, ids, or -")
      .option("--format <format>", "codex: an auth.json", "codex")
      .option("--out <path>", "a new file; for several accounts a folder; without it, stdout")
      .option("--yes", "write to a terminal, or into a folder that others can read"),
  examples: [["codex auth export work --out work.json", "one account as an auth.json"]],
  schema,
  async run(ctx: Context, [wanted]: [string[]], options: Options) {
    if (options.format !== "codex")
      throw usage(`Unknown format: ${options.format}`, "The formats are: codex");
    const accounts = selectAccounts(await ctx.store.read(), wanted);
    const { out } = options;
    const files =
      out === undefined
        ? toStdout(ctx, accounts, options)
        : toFiles(ctx, accounts, { out, yes: options.yes });
    const sharesRefreshToken = accounts.some(({ login }) => login.refreshToken !== "");
    return { format: "codex" as const, sharesRefreshToken, files };
  },
  render: ({ files }) =>
    files
      .filter(({ path }) => path !== "-")
      .map(({ name, path }) => `Wrote ${safeText(name)} to ${safeText(path)}`)
      .join("\n"),
  notes: ({ sharesRefreshToken }) =>
    sharesRefreshToken
      ? [
          "The copy shares its refresh token with the pool, and a refresh token works once: use it in one place only.",
        ]
      : [],
});

function toStdout(ctx: Context, accounts: readonly Account[], { yes, json }: Options) {
  const [account, ...more] = accounts;
  if (!account || more.length > 0) throw usage("Several accounts need a folder.", "Add: --out <folder>");
  if (json) throw usage("--json never prints a secret.", "Add: --out <file>");
  if (ctx.stdout.isTerminal && !yes) {
    throw new CodexAuthError(
      "export_refused",
      "The terminal would show the tokens, and its scrollback would keep them.",
      {
        hint: "Write to a file (--out <file>) or a pipe, or insist with --yes.",
      },
    );
  }
  ctx.stdout.write(`${authFileText(account.auth)}\n`);
  return [{ accountId: account.id, name: accountName(account), path: "-" }];
}

function toFiles(
  ctx: Context,
  accounts: readonly Account[],
  { out, yes = false }: { out: string; yes?: boolean | undefined },
) {
  const isFolder = accounts.length > 1;
  return accounts.map((account) => {
    const name = accountName(account);
    const file = isFolder ? `${fileName(account)}.json` : null;
    const path = writeExport(ctx.fs, {
      out,
      file,
      cwd: ctx.cwd,
      text: authFileText(account.auth),
      isForced: yes,
    });
    return { accountId: account.id, name, path };
  });
}

/** The id makes it unique: two seats may share an e-mail. */
function fileName({ label, login, id }: Account): string {
  return `${(label ?? login.email ?? "account").replaceAll(/[^\w.@+-]/g, "_")}-${id}`;
}

function usage(message: string, hint: string): CodexAuthError {
  return new CodexAuthError("usage", message, { hint });
}
