import type { Command } from "commander";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { exportFormats, exportTexts } from "../cli/export-text.ts";
import type { ExportFormat, ExportText } from "../cli/export-text.ts";
import { readNewPassphrase } from "../cli/passphrase.ts";
import { selectAccounts } from "../cli/select-account.ts";
import { accountName } from "../store/account-name.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { writeExport } from "../store/export-file.ts";
import { safeText } from "../ui/safe-text.ts";

interface Options {
  format: string;
  out?: string;
  yes?: boolean;
  json?: boolean;
  passphraseStdin?: boolean;
}

const schema = (z: Zod) =>
  z.object({
    format: z.enum(exportFormats),
    encrypted: z.boolean(),
    sharesRefreshToken: z.boolean().describe("a copy can renew itself, so it must not be used in two places"),
    files: z
      .array(z.object({ accountId: z.string(), name: z.string(), path: z.string().describe("- for stdout") }))
      .describe("one for each account; the accounts of a bundle share a path"),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .argument("<account...>", "rows, labels, e-mails, ids, or -")
      .option(
        "--format <format>",
        "codex: an auth.json; opencode, cliproxyapi: for these; bundle: all accounts whole, for `import` elsewhere",
        "codex",
      )
      .option(
        "--out <path>",
        "a new file; for several accounts a folder (a bundle is one file); without it, stdout",
      )
      .option("--passphrase-stdin", "encrypt the bundle with a passphrase from stdin")
      .option("--yes", "write to a terminal, or into a folder that others can read"),
  examples: [
    ["codex auth export work --out work.json", "one account as an auth.json"],
    ["codex auth export 1 2 --format bundle --out logins.bundle", "several, to take to another machine"],
  ],
  schema,
  async run(ctx: Context, [wanted]: [string[]], options: Options) {
    const format = formatOf(options.format);
    const encrypted = options.passphraseStdin ?? false;
    if (encrypted && format !== "bundle")
      throw usage("Only a bundle can be encrypted.", "Add: --format bundle");
    if (options.out === "") throw usage("The path after --out is empty.", "Name a file, or a folder.");
    const accounts = selectAccounts(await ctx.store.read(), wanted);
    refuseStdout(ctx, accounts.length, format, options);
    const passphrase = encrypted ? await readNewPassphrase(ctx) : null;
    const texts = exportTexts(accounts, { format, nowMs: ctx.now(), passphrase });
    const files = texts.flatMap((each) => write(ctx, each, texts.length > 1, options));
    const sharesRefreshToken = accounts.some(({ login }) => login.refreshToken !== "");
    return { format, encrypted, sharesRefreshToken, files };
  },
  render: ({ files }) =>
    files
      .filter(({ path }) => path !== "-")
      .map(({ name, path }) => `Wrote ${safeText(name)} to ${safeText(path)}`)
      .join("\n"),
  notes: ({ format, encrypted, sharesRefreshToken }) => [
    ...(sharesRefreshToken ? [sharingNotes[format]] : []),
    ...(format === "bundle" && !encrypted
      ? ["The bundle is not encrypted: whoever reads it has these logins. To encrypt: --passphrase-stdin"]
      : []),
  ],
});

const sharing =
  "The copy shares its refresh token with the pool, and a refresh token works once: use it in one place only.";
const handedOver = (tool: string) => `${sharing} Once ${tool} has it: codex auth remove <account>`;

const sharingNotes: Record<ExportFormat, string> = {
  codex: sharing,
  opencode: `${handedOver("OpenCode")}. Its auth.json may hold other providers: put the key openai into it.`,
  cliproxyapi: handedOver("CLIProxyAPI"),
  bundle: handedOver("the other machine"),
};

/** Before a passphrase is asked for. */
function refuseStdout(ctx: Context, count: number, format: ExportFormat, { out, yes, json }: Options): void {
  if (out !== undefined) return;
  if (count > 1 && format !== "bundle") throw usage("Several accounts need a folder.", "Add: --out <folder>");
  if (json) throw usage("--json never prints a secret.", "Add: --out <file>");
  if (!ctx.stdout.isTerminal || yes) return;
  const message = "The terminal would show the tokens, and its scrollback would keep them.";
  const hint = "Write to a file (--out <file>) or a pipe, or insist with --yes.";
  throw new CodexAuthError("export_refused", message, { hint });
}

function write(ctx: Context, { fileName, text, accounts }: ExportText, isFolder: boolean, options: Options) {
  const { out, yes = false } = options;
  if (out === undefined) ctx.stdout.write(`${text}\n`);
  const file = isFolder ? `${fileName}.json` : null;
  const path =
    out === undefined ? "-" : writeExport(ctx.fs, { out, file, cwd: ctx.cwd, text, isForced: yes });
  return accounts.map((account) => ({ accountId: account.id, name: accountName(account), path }));
}

function formatOf(wanted: string): ExportFormat {
  const found = exportFormats.find((each) => each === wanted);
  if (found) return found;
  throw usage(`Unknown format: ${wanted}`, `The formats are: ${exportFormats.join(", ")}`);
}

function usage(message: string, hint: string): CodexAuthError {
  return new CodexAuthError("usage", message, { hint });
}
