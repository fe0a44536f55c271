import type { Command } from "commander";
import { usableLogin } from "../../auth/renew/usable-login.ts";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { wholeDuration } from "../../errors/retry-times.ts";
import { type Account, plainName } from "../../pool/account.ts";
import { selectAccounts } from "../../pool/select.ts";
import { defineCommand, offering, type Zod } from "../../program/command.ts";
import { readNewPassphrase } from "../../program/passphrase.ts";
import { withDelays } from "../../reports/live-probe.ts";
import { writeExport } from "../../store/files/new-file.ts";
import { type ExportFormat, exportFormats, type ExportText, exportTexts, leaseText } from "./texts.ts";

interface Options {
  format: string;
  out?: string;
  yes?: boolean;
  json?: boolean;
  passphraseStdin?: boolean;
  lease?: boolean;
  for?: string;
}

const schema = (z: Zod) =>
  z.object({
    format: z.enum(exportFormats),
    encrypted: z.boolean(),
    lease: z.boolean().describe("the files hold an access token and no refresh token"),
    sharesRefreshToken: z.boolean().describe("a copy can renew itself, so it must not be used in two places"),
    files: z
      .array(
        z.object({
          accountId: z.string(),
          name: z.string(),
          path: z.string().describe("- for stdout"),
          endsAt: z.iso.datetime().nullable().describe("of a lease: when its access token ends"),
          isShort: z.boolean().describe("of a lease: it ends before the time of --for"),
        }),
      )
      .describe("one for each account; the accounts of a bundle share a path"),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .argument("<account...>", "rows, labels, e-mails, ids, or -")
      .addOption(
        offering(
          command
            .createOption(
              "--format <format>",
              "codex: an auth.json; opencode, cliproxyapi: for these; bundle: all accounts whole, for `import` elsewhere",
            )
            .default("codex"),
          exportFormats,
        ),
      )
      .option(
        "--out <path>",
        "write to this new file (for several accounts: a folder; a bundle is one file) instead of stdout",
      )
      .option(
        "--lease",
        "write an auth.json with an access token only, for CI and containers; it ends and is not renewed",
      )
      .option(
        "--for <time>",
        "with --lease: renew the token first if it would not last this long, as in 12h or 3d",
      )
      .option("--passphrase-stdin", "encrypt the bundle with a passphrase from stdin")
      .option("--yes", "write even to a terminal, or into a folder that others can read"),
  examples: [
    ["codex auth export work --out work.json", "one account as an auth.json"],
    ["codex auth export ci --lease --for 24h --out lease.json", "for a machine that must not renew it"],
    ["codex auth export 1 2 --format bundle --out logins.bundle", "several, to take to another machine"],
  ],
  schema,
  async run(ctx: Context, [wanted]: [string[]], options: Options) {
    const format = formatOf(options.format);
    const encrypted = options.passphraseStdin ?? false;
    if (encrypted && format !== "bundle")
      throw usage("Only a bundle can be encrypted.", "Add: --format bundle");
    if (options.out === "") throw usage("The path after --out is empty.", "Name a file, or a folder.");
    const leftMs = leaseTime(options, format);
    const accounts = selectAccounts(await ctx.store.read(), wanted);
    refuseStdout(ctx, accounts.length, format, options);
    const passphrase = encrypted ? await readNewPassphrase(ctx) : null;
    const lease = leftMs !== null;
    const texts = lease
      ? await leases(ctx, accounts, leftMs)
      : exportTexts(accounts, { format, nowMs: ctx.now(), passphrase });
    const files = texts.flatMap((each) => write(ctx, each, texts.length > 1, options));
    const sharesRefreshToken = !lease && accounts.some(({ login }) => login.refreshToken !== "");
    return { format, encrypted, lease, sharesRefreshToken, files };
  },
  render: ({ files }) =>
    files
      .filter(({ path }) => path !== "-")
      .map(({ name, path }) => `Wrote ${name} to ${path}`)
      .join("\n"),
  notes: ({ format, encrypted, lease, sharesRefreshToken, files }) => [
    ...files.flatMap(leaseNotes),
    ...(lease ? ["Nothing renews it there: make a new one before it ends. See docs/ci.md."] : []),
    ...(sharesRefreshToken ? [sharingNotes[format]] : []),
    ...(format === "bundle" && !encrypted
      ? ["The bundle is not encrypted: whoever reads it has these logins. To encrypt: --passphrase-stdin"]
      : []),
  ],
});

/** How long a lease must last, in ms, 0 for no matter how long; null for an export that is none. */
function leaseTime({ lease, for: time }: Options, format: ExportFormat): number | null {
  if (!lease && time !== undefined) throw usage("--for is about a lease.", "Add: --lease");
  if (!lease) return null;
  if (format !== "codex") throw usage("A lease is an auth.json of Codex.", `Leave out: --format ${format}`);
  if (time === undefined) return 0;
  const leftMs = wholeDuration(time);
  if (leftMs === undefined) throw usage(`Not a time: ${time}`, "Give a number and a unit, as in --for 24h");
  return leftMs;
}

/** One after another: siblings of one user are never renewed at the same time. */
async function leases(ctx: Context, accounts: readonly Account[], leftMs: number): Promise<Lease[]> {
  const made: Lease[] = [];
  for (const account of accounts) {
    // Where there is nothing to lease, no token is spent.
    leaseText(account, account.login, ctx.now());
    const login = await usableLogin(withDelays(ctx), account, { kind: "expiring", leftMs });
    const text = leaseText(account, login, ctx.now());
    made.push({ ...text, isShort: Date.parse(text.endsAt) < ctx.now() + leftMs });
  }
  return made;
}

type Lease = ExportText & { endsAt: string; isShort: boolean };

function leaseNotes({
  name,
  endsAt,
  isShort,
}: {
  name: string;
  endsAt: string | null;
  isShort: boolean;
}): string[] {
  if (endsAt === null) return [];
  const short = isShort ? ", sooner than --for asks" : "";
  const time = endsAt.replace("T", " ").replace(/:\d\d\.\d+Z$/, " UTC");
  return [`The lease of ${name} ends at ${time}${short}.`];
}

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

function write(
  ctx: Context,
  { fileName, text, accounts, endsAt, isShort = false }: ExportText & Partial<Lease>,
  isFolder: boolean,
  options: Options,
) {
  const { out, yes = false } = options;
  if (out === undefined) ctx.stdout.write(`${text}\n`);
  const file = isFolder ? `${fileName}.json` : null;
  const path =
    out === undefined ? "-" : writeExport(ctx.fs, { out, file, cwd: ctx.cwd, text, isForced: yes });
  return accounts.map((account) => ({
    accountId: account.id,
    name: plainName(account),
    path,
    endsAt: endsAt ?? null,
    isShort,
  }));
}

function formatOf(wanted: string): ExportFormat {
  const found = exportFormats.find((each) => each === wanted);
  if (found) return found;
  throw usage(`Unknown format: ${wanted}`, `The formats are: ${exportFormats.join(", ")}`);
}

function usage(message: string, hint: string): CodexAuthError {
  return new CodexAuthError("usage", message, { hint });
}
