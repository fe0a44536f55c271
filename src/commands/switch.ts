import type { Command } from "commander";
import { accountSchema, reportOf } from "../cli/account-report.ts";
import { codexAtWork, isInUse } from "../cli/codex-risk.ts";
import { autoSelect } from "../cli/auto-select.ts";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { pickAccount } from "../cli/picker.ts";
import { processLines, processSchema, restartDaemon } from "../cli/running-codex.ts";
import { selectAccount } from "../cli/select-account.ts";
import { accountName } from "../store/account-name.ts";
import { checkLogin, withFileStore } from "../cli/switch-checks.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../store/account.ts";
import type { Draft, Snapshot } from "../store/store.ts";
import type { Ui } from "../ui/ui.ts";
import { safeText } from "../ui/safe-text.ts";

interface Options {
  auto?: boolean;
  dryRun?: boolean;
  now?: boolean;
  restartDaemon?: boolean;
  replaceBroken?: boolean;
  useFileStore?: boolean;
}

const schema = (z: Zod) =>
  z.object({
    account: accountSchema(z),
    previous: accountSchema(z).nullable().describe("the account that was active before"),
    dryRun: z.boolean(),
    adopted: z
      .object({ id: z.string(), outcome: z.enum(["added", "updated", "kept"]) })
      .nullable()
      .describe("what the login found in auth.json did to the pool"),
    processes: z.array(processSchema(z)).describe("running Codex that keeps the login it started with"),
    configChanged: z.boolean().describe('cli_auth_credentials_store was set to "file"'),
    warnings: z.array(z.string()).describe("what may keep Codex from using the login"),
    reason: z.string().nullable().describe("with --auto: why this account, for a person"),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .argument("[account]", "row, label or e-mail (or a unique part), id (or its first 4 characters), or -")
      .option("--auto", "take the account that the forecast recommends")
      .option("--dry-run", "show what would change, and change nothing")
      .option(
        "--now",
        "do not wait for a running Codex that may be renewing the login you leave: its new token may be lost, and that account then needs a new login",
      )
      .option("--restart-daemon", "restart the Codex daemon, so that it takes the new login")
      .option("--replace-broken", "replace an auth.json that cannot be read; it is kept aside")
      .option("--use-file-store", 'set cli_auth_credentials_store = "file" in config.toml too'),
  examples: [
    ["codex auth switch 2", "the second row of the list"],
    ["codex auth switch work", "a label, or a unique part of a name"],
    ["codex auth switch -", "the one before"],
    ["codex auth switch --auto", "the recommended one, and why"],
  ],
  schema,
  async run(ctx: Context, [wanted]: [string?], options: Options) {
    const snapshot = await ctx.store.read();
    const { account: chosen, reason } = await chooseAccount(ctx, snapshot, wanted, options);
    const { isStoreToChange, warnings } = checkLogin(ctx, chosen, options);
    const change = (draft: Draft) => activate(ctx, draft, chosen.id, options);
    if (options.dryRun) {
      const report = await ctx.store.rehearse(change);
      return {
        ...report,
        dryRun: true,
        processes: ctx.processes() ?? [],
        configChanged: false,
        warnings,
        reason,
      };
    }
    const risk = options.now && snapshot.active?.id !== chosen.id ? codexAtWork(ctx, snapshot) : null;
    if (risk !== null)
      ctx.stderr.write(`Not waiting, although ${safeText(risk)}. Where it was, its new token is lost.\n`);
    const report = await ctx.store.transaction("switch", change).catch((error: unknown) => {
      throw withNow(error, chosen);
    });
    if (isStoreToChange) await ctx.store.editConfig(withFileStore);
    const running = ctx.processes() ?? [];
    const processes = options.restartDaemon ? await restartDaemon(ctx, running) : running;
    return { ...report, dryRun: false, processes, configChanged: isStoreToChange, warnings, reason };
  },
  notes: ({ warnings }) => warnings,
  render,
});

/** What helps beside waiting. */
function withNow(error: unknown, { id }: Account): unknown {
  if (!isInUse(error)) return error;
  const hint = `${error.hint ?? ""}\nAt once, at the risk of a new login for it: codex auth switch ${id} --now`;
  return new CodexAuthError(error.code, error.message, { hint, cause: error });
}

function activate(
  ctx: Context,
  draft: Draft,
  id: string,
  { replaceBroken = false, now: ignoresCodex = false }: Options,
) {
  const account = draft.pool.accounts.find((each) => each.id === id);
  if (!account)
    throw new CodexAuthError("account_not_found", "The account was removed in the meantime.", {
      hint: "See: codex auth list",
    });
  const before = draft.active;
  draft.activate(account, { replaceBroken, ignoresCodex });
  const { adoption } = draft;
  const previous = before ?? adoption?.account ?? null;
  const usage = ctx.store.usage();
  return {
    account: reportOf(draft, account, ctx.now(), usage),
    previous: previous && reportOf(draft, previous, ctx.now(), usage),
    adopted:
      adoption && adoption.outcome !== "same" ? { id: adoption.account.id, outcome: adoption.outcome } : null,
  };
}

async function chooseAccount(
  ctx: Context,
  snapshot: Snapshot,
  wanted: string | undefined,
  { auto = false }: Options,
): Promise<{ account: Account; reason: string | null }> {
  if (auto && wanted !== undefined) {
    throw new CodexAuthError("usage", "--auto chooses the account itself.", {
      hint: "Usage: codex auth switch --auto, or codex auth switch <account>",
    });
  }
  if (auto) return autoSelect(ctx);
  const account = wanted === undefined ? await pickAccount(ctx, snapshot, named) : named(snapshot, wanted);
  return { account, reason: null };
}

/** The published contract: one text for everything that names no account, and a second line that helps. */
function named(snapshot: Snapshot, wanted: string): Account {
  try {
    return selectAccount(snapshot, wanted);
  } catch (error) {
    if (!(error instanceof CodexAuthError) || error.code !== "account_not_found") throw error;
    const { candidates = [], hint = "" } = error;
    const lines = candidates.length > 0 || wanted === "-" ? [hint, rowsHint(snapshot)] : [rowsHint(snapshot)];
    const details = { hint: lines.join("\n"), candidates, cause: error };
    throw new CodexAuthError("account_not_found", `Invalid index: ${wanted}`, details);
  }
}

function rowsHint({ pool }: Snapshot): string {
  const rows = pool.accounts.map((account, index) => `${index + 1} ${accountName(account)}`);
  if (rows.length === 0) return "There are no accounts yet. Add one: codex auth login, or codex auth import";
  const shown = rows.length > 10 ? [...rows.slice(0, 10), `and ${rows.length - 10} more`] : rows;
  return `Accounts: ${shown.join(", ")}`;
}

type Report = Awaited<ReturnType<typeof activate>>;

function render(report: Rendered, ui: Ui): string {
  const { account, previous, adopted, dryRun, configChanged, processes, reason } = report;
  const isSame = previous?.id === account.id;
  const verb = dryRun ? "Would switch to" : isSame ? "Already on" : "Switched to";
  const lines = [
    `${verb} ${ui.bold(safeText(account.label ?? account.name))}${account.label ? ` (${safeText(account.name)})` : ""}.`,
  ];
  if (reason !== null) lines.push(`Why row ${account.row}: ${safeText(reason)}.`);
  const adoption = adopted && adoptionLine(adopted.outcome, safeText(previous?.name ?? adopted.id), dryRun);
  if (adoption) lines.push(ui.dim(adoption));
  if (configChanged) lines.push('config.toml now says cli_auth_credentials_store = "file".');
  if (!isSame) lines.push(...processLines(processes, ui));
  return lines.join("\n");
}

type Rendered = Pick<Report, "account" | "previous" | "adopted"> & {
  dryRun: boolean;
  configChanged: boolean;
  reason: string | null;
  processes: Parameters<typeof processLines>[0];
};

/** What the switch does to the login that it finds in auth.json. */
function adoptionLine(outcome: "added" | "updated" | "kept", name: string, isDry: boolean): string | null {
  if (outcome === "kept") return null;
  if (outcome === "updated")
    return `Codex had renewed the login it left; the newer token ${isDry ? "would be" : "was"} kept.`;
  return isDry
    ? `The login in auth.json would be taken into the pool: ${name}.`
    : `The login that was in auth.json is now in the pool: ${name}.`;
}
