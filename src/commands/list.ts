import { accountSchema, reportAccounts } from "../cli/account-report.ts";
import type { AccountReport } from "../cli/account-report.ts";
import type { Context } from "../cli/context.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Zod } from "../cli/define-command.ts";
import { findingSchema } from "../cli/finding.ts";
import { limitColumns } from "../cli/limit-columns.ts";
import { flagged, loginFlagged } from "../repair/credentials/login-flagged.ts";
import { interruptedRenewals, refreshInterrupted } from "../repair/credentials/refresh-interrupted.ts";
import { renewalUnclear, unclearRenewals } from "../repair/credentials/renewal-unclear.ts";
import { findingsOf } from "../repair/examine.ts";
import { columnText } from "../ui/columns.ts";
import { safeText } from "../ui/safe-text.ts";
import { durationText } from "../ui/time.ts";
import type { Ui } from "../ui/ui.ts";
import { clip } from "../ui/width.ts";

const schema = (z: Zod) =>
  z.object({
    accounts: z.array(accountSchema(z)),
    activeAccountId: z.string().nullable().describe("`id` of the account in auth.json"),
    findings: z.array(findingSchema(z)).describe("accounts that need a person"),
    unreadable: z.int().describe("entries of pool.json that were set aside because they cannot be read"),
  });

export default defineCommand({
  examples: [
    ["codex auth list", "rows, states and what is left"],
    ["codex auth list --json | jq -r '.accounts[].email'", "for a script"],
  ],
  schema,
  async run(ctx: Context) {
    const snapshot = await ctx.store.read();
    const { pool, active } = snapshot;
    return {
      accounts: reportAccounts(snapshot, ctx.now(), ctx.store.usage()),
      activeAccountId: active?.id ?? null,
      findings: [
        ...findingsOf(refreshInterrupted, interruptedRenewals(snapshot.interrupted)),
        ...findingsOf(renewalUnclear, unclearRenewals(pool.accounts, ctx.now())),
        ...findingsOf(loginFlagged, flagged(pool.accounts)),
      ],
      unreadable: pool.setAside.length,
    };
  },
  render: ({ accounts }, ui) => (accounts.length === 0 ? noAccounts : accountLines(accounts, ui)),
  notes: ({ findings, unreadable }) => [
    ...findings.map(({ message, fix }) => (fix === null ? message : `${message} ${fix}`)),
    ...(unreadable === 0
      ? []
      : [`${unreadable} of the entries in pool.json cannot be read; they were left as they are.`]),
  ],
});

const noAccounts =
  "No accounts yet. Take in the login you have: codex auth import, or add one: codex auth login";

function accountLines(accounts: readonly AccountReport[], ui: Ui): string {
  const quotas = limitColumns(accounts, ui);
  const head = ["", "#", "LABEL", "ACCOUNT", "PLAN", "STATE", ...quotas.head, "LOGIN"];
  const nameColumns = Math.max(20, ui.columns - 50 - quotas.width);
  const rows = accounts.map((account) => [
    account.active ? "*" : "",
    String(account.row),
    safeText(account.label ?? ""),
    clip(safeText(account.name), nameColumns, ui.isUnicode ? "…" : "..."),
    safeText(account.plan ?? account.kind),
    account.state,
    ...quotas.cells(account),
    credentialText(account, ui.nowMs),
  ]);
  const shown = rows.some((row) => row[2] !== "")
    ? [head, ...rows]
    : [head, ...rows].map((row) => row.toSpliced(2, 1));
  return columnText(shown, (cell, row) => {
    if (row === 0) return ui.dim(cell);
    const account = accounts[row - 1];
    if (account && account.state !== "ready" && cell === account.state) return ui.yellow(cell);
    return account?.active ? ui.bold(cell) : cell;
  });
}

/** How long the access token still serves; one that has ended is renewed at its next use. */
function credentialText({ credential, state }: AccountReport, nowMs: number): string {
  const { expiresAt, health } = credential;
  if (health === "unknown" || expiresAt === null) return "no expiry";
  if (health === "valid") return `valid ${durationText(Date.parse(expiresAt) - nowMs)}`;
  if (health !== "renewable") return "ended";
  return state === "unclear" || state === "backing-off" ? "renewal rests" : "renews at next use";
}
