import type { Command } from "commander";
import { accountSchema, reportOf } from "../cli/account-report.ts";
import { autoSelect } from "../cli/auto-select.ts";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { awaitPendingRefresh } from "../cli/pending-refresh.ts";
import { pickAccount } from "../cli/picker.ts";
import { processSchema, restartDaemon } from "../cli/running-codex.ts";
import { accountName, selectAccount } from "../cli/select-account.ts";
import { requireUsableLogin } from "../cli/switch-checks.ts";
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
    reason: z.string().nullable().describe("with --auto: why this account, for a person"),
  });

export default defineCommand({
  flags: (command: Command) =>
    command
      .argument("[account]", "row, label, e-mail, id, a unique part of one, or -")
      .option("--auto", "take the account that the forecast recommends")
      .option("--dry-run", "show what would change, and change nothing")
      .option("--now", "do not wait for a running Codex that is about to renew its token")
      .option("--restart-daemon", "restart the Codex daemon, so that it takes the new login")
      .option("--replace-broken", "replace an auth.json that cannot be read; it is kept aside")
      .option("--use-file-store", 'set cli_auth_credentials_store = "file" in config.toml first'),
  schema,
  async run(ctx: Context, [wanted]: [string?], options: Options) {
    const snapshot = await ctx.store.read();
    const { account: chosen, reason } = await choose(ctx, snapshot, wanted, options);
    await requireUsableLogin(ctx, chosen, options);
    const change = (draft: Draft) => activate(ctx, draft, chosen.id, options);
    if (options.dryRun)
      return {
        ...(await ctx.store.rehearse(change)),
        dryRun: true,
        processes: ctx.processes() ?? [],
        reason,
      };
    if (!options.now) await awaitPendingRefresh(ctx, snapshot, chosen);
    const report = await ctx.store.transaction("switch", change);
    const running = ctx.processes() ?? [];
    const processes = options.restartDaemon ? await restartDaemon(ctx, running) : running;
    return { ...report, dryRun: false, processes, reason };
  },
  render,
});

function activate(ctx: Context, draft: Draft, id: string, { replaceBroken = false }: Options) {
  const account = draft.pool.accounts.find((each) => each.id === id);
  if (!account) throw new CodexAuthError("account_not_found", "The account was removed in the meantime.");
  const before = draft.active;
  draft.activate(account, { replaceBroken });
  const { adoption } = draft;
  const previous = before ?? adoption?.account ?? null;
  return {
    account: reportOf(draft, account, ctx.now()),
    previous: previous && reportOf(draft, previous, ctx.now()),
    adopted:
      adoption && adoption.outcome !== "same" ? { id: adoption.account.id, outcome: adoption.outcome } : null,
  };
}

async function choose(
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
  const account = wanted === undefined ? await pickAccount(ctx, snapshot) : named(snapshot, wanted);
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
  if (rows.length === 0) return "There are no accounts yet. Add one: codex auth import";
  const shown = rows.length > 10 ? [...rows.slice(0, 10), `and ${rows.length - 10} more`] : rows;
  return `Accounts: ${shown.join(", ")}`;
}

type Report = Awaited<ReturnType<typeof activate>>;

function render(
  report: Pick<Report, "account" | "previous" | "adopted"> & {
    dryRun: boolean;
    reason: string | null;
    processes: Parameters<typeof processLines>[0];
  },
  ui: Ui,
): string {
  const { account, previous, adopted, dryRun, processes, reason } = report;
  const name = ui.bold(safeText(account.label ?? account.email ?? account.id));
  const isSame = previous?.id === account.id;
  const verb = dryRun ? "Would switch to" : isSame ? "Already on" : "Switched to";
  const lines = [`${verb} ${name}${account.label && account.email ? ` (${safeText(account.email)})` : ""}.`];
  if (reason !== null) lines.push(`Why row ${account.row}: ${safeText(reason)}.`);
  if (adopted?.outcome === "updated")
    lines.push(ui.dim("Codex had renewed the login it left; the newer token was kept."));
  if (adopted?.outcome === "added")
    lines.push(
      ui.dim(
        `The login that was in auth.json is now in the pool: ${safeText(previous?.email ?? adopted.id)}.`,
      ),
    );
  if (!isSame) lines.push(...processLines(processes, ui));
  return lines.join("\n");
}

function processLines(
  processes: readonly { pid: number; kind: string; restarted?: boolean | undefined }[],
  ui: Ui,
): string[] {
  const restarted = processes.some((each) => each.restarted);
  const holding = processes.filter((each) => !each.restarted);
  const lines = restarted ? ["The Codex daemon was restarted with the new login."] : [];
  if (holding.length === 0) return lines;
  const names = holding.map(({ pid, kind }) => `${kind} ${pid}`).join(", ");
  lines.push(ui.yellow(`Running Codex keeps the login it started with: ${names}.`));
  if (holding.some(({ kind }) => kind === "daemon"))
    lines.push("Restart the daemon: codex app-server daemon restart");
  if (holding.some(({ kind }) => kind !== "daemon"))
    lines.push("Restart a session and go on: codex resume <session id>");
  return lines;
}
