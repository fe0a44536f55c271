import type { Command } from "commander";
import { checkLogin, withFileStore } from "../auth/allowed-login.ts";
import type { Context } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import type { Account } from "../pool/account.ts";
import { adopt } from "../pool/adopt.ts";
import { selectIndex } from "../pool/select.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { accountSchema, reportOf } from "../reports/account.ts";
import { canPick, pickAccount } from "../reports/pick-account.ts";
import { autoSelect } from "../reports/recommendation.ts";
import {
  codexAtWork,
  isInUse,
  processLines,
  processSchema,
  restartDaemon,
} from "../reports/running-codex.ts";
import type { Transaction, Snapshot } from "../store/store.ts";
import { safe } from "../text/safe-text.ts";
import type { Ui } from "../ui/ui.ts";

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
    place: z.enum(["file", "keyring"]).describe("where Codex keeps its login, and where it was changed"),
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
    const { isStoreToChange, warnings } = checkLogin(ctx, chosen, {
      ...options,
      live: snapshot.live,
      pool: snapshot.pool,
    });
    const change = (transaction: Transaction) => activate(ctx, transaction, chosen.id, options);
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
      ctx.stderr.write(safe`Not waiting, although ${risk}. Where it was, its new token is lost.\n`);
    const report = await (
      isStoreToChange ? toFileStore(ctx, change, options) : ctx.store.transaction("switch", change)
    ).catch((error: unknown) => {
      throw withNow(error, chosen);
    });
    const running = ctx.processes() ?? [];
    const processes = options.restartDaemon ? await restartDaemon(ctx, running) : running;
    return { ...report, dryRun: false, processes, configChanged: isStoreToChange, warnings, reason };
  },
  notes: ({ warnings }) => warnings,
  render,
});

/** The login in the keyring goes into the pool first: whatever Codex has renewed there is not lost, nor left in two places. */
async function toFileStore(
  ctx: Context,
  change: (transaction: Transaction) => ReturnType<typeof activate>,
  { now: ignoresCodex = false }: Options,
) {
  const left = await ctx.store.transaction("switch", (transaction) => {
    const { live, active } = transaction;
    if (live.place.kind !== "keyring" || live.refusal || !live.login) return null;
    const account = active ?? adopt(transaction.pool, live.login, { nowMs: ctx.now(), tie: "login" }).account;
    const report = reportOf(transaction, account, ctx.now(), ctx.store.usage());
    transaction.deactivate({ ignoresCodex });
    transaction.pool.previousId = account.id;
    return { account, report };
  });
  try {
    await ctx.store.editConfig(withFileStore);
  } catch (error) {
    if (left)
      await ctx.store.transaction("switch", (transaction) => activate(ctx, transaction, left.account.id, {}));
    throw error;
  }
  const report = await ctx.store.transaction("switch", change);
  return { ...report, previous: report.previous ?? left?.report ?? null };
}

/** What helps beside waiting. */
function withNow(error: unknown, { id }: Account): unknown {
  if (!isInUse(error)) return error;
  const hint = `${error.hint ?? ""}\nAt once, at the risk of a new login for it: codex auth switch ${id} --now`;
  return new CodexAuthError(error.code, error.message, { hint, cause: error });
}

function activate(
  ctx: Context,
  transaction: Transaction,
  id: string,
  { replaceBroken = false, now: ignoresCodex = false }: Options,
) {
  const account = transaction.pool.accounts.find((each) => each.id === id);
  if (!account)
    throw new CodexAuthError("account_not_found", "The account was removed in the meantime.", {
      hint: "See: codex auth list",
    });
  const before = transaction.active;
  transaction.activate(account, { replaceBroken, ignoresCodex });
  const { adoption } = transaction;
  const previous = before ?? adoption?.account ?? null;
  const usage = ctx.store.usage();
  return {
    account: reportOf(transaction, account, ctx.now(), usage),
    previous: previous && reportOf(transaction, previous, ctx.now(), usage),
    place: transaction.live.place.kind,
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
  const account = wanted === undefined ? await pickOther(ctx, snapshot) : selectIndex(snapshot, wanted);
  return { account, reason: null };
}

type Report = Awaited<ReturnType<typeof activate>>;

function render(report: Rendered, ui: Ui): string {
  const { account, previous, adopted, dryRun, place, configChanged, processes, reason } = report;
  const isSame = previous?.id === account.id;
  const verb = dryRun ? "Would switch to" : isSame ? "Already on" : "Switched to";
  const lines = [
    `${verb} ${ui.bold(account.label ?? account.name)}${account.label ? ` (${account.name})` : ""}.`,
  ];
  if (reason !== null) lines.push(`Why row ${account.row}: ${reason}.`);
  const found = { name: previous?.name ?? adopted?.id ?? "", isDry: dryRun, place };
  const adoption = adopted && adoptionLine(adopted.outcome, found);
  if (adoption) lines.push(ui.dim(adoption));
  if (place === "keyring" && !dryRun) lines.push("The login is in the keyring, where Codex keeps it here.");
  if (configChanged) lines.push('config.toml now says cli_auth_credentials_store = "file".');
  if (!isSame) lines.push(...processLines(processes, ui));
  return lines.join("\n");
}

type Rendered = Pick<Report, "account" | "previous" | "place" | "adopted"> & {
  dryRun: boolean;
  configChanged: boolean;
  reason: string | null;
  processes: Parameters<typeof processLines>[0];
};

/** What the switch does to the login that it finds. */
function adoptionLine(
  outcome: "added" | "updated" | "kept",
  { name, isDry, place }: { name: string; isDry: boolean; place: "file" | "keyring" },
): string | null {
  const where = place === "file" ? "auth.json" : "the keyring";
  if (outcome === "kept") return null;
  if (outcome === "updated")
    return `Codex had renewed the login it left; the newer token ${isDry ? "would be" : "was"} kept.`;
  return isDry
    ? `The login in ${where} would be taken into the pool: ${name}.`
    : `The login that was in ${where} is now in the pool: ${name}.`;
}

/** Which account, when the command line names none: the other one of two, else whichever the person picks. */
async function pickOther(ctx: Context, snapshot: Snapshot): Promise<Account> {
  if (!canPick(ctx)) throw missingIndex();
  const { accounts } = snapshot.pool;
  const [other, ...more] = accounts.filter(({ id }) => id !== snapshot.active?.id);
  if (other && more.length === 0 && accounts.length === 2) return other;
  return selectIndex(snapshot, await pickAccount(ctx, "Switch to:"));
}

function missingIndex(): CodexAuthError {
  return new CodexAuthError("usage", "Missing index. Usage: codex auth switch <index>", {
    hint: "See the rows: codex auth list",
  });
}
