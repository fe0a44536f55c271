import type { Context } from "../context.ts";
import { accountMoving, movingAccounts } from "../doctor/checks/accounts.ts";
import {
  flagged,
  interruptedRenewal,
  loginFlagged,
  refreshInterrupted,
  renewalUnclear,
  unclearRenewals,
} from "../doctor/checks/login.ts";
import { loginUnknown, unknownLogin } from "../doctor/checks/login-unknown.ts";
import { findingsOf } from "../doctor/examine.ts";
import { nameAmong } from "../pool/account.ts";
import { stateWords } from "../pool/state.ts";
import { defineCommand, type Zod } from "../program/command.ts";
import { type AccountReport, accountSchema, reportAccounts } from "../reports/account.ts";
import { findingSchema } from "../reports/finding.ts";
import { limitColumns } from "../reports/limit-columns.ts";
import { readFigures } from "../reports/pool.ts";
import { durationText } from "../text/times.ts";
import { type Column, table } from "../ui/table.ts";
import type { Ui } from "../ui/ui.ts";

const schema = (z: Zod) =>
  z.object({
    accounts: z.array(accountSchema(z)),
    activeAccountId: z.string().nullable().describe("`id` of the account in auth.json"),
    findings: z
      .array(findingSchema(z))
      .describe("accounts that need a person, and a login of Codex that is not in the pool"),
    unreadable: z.int().describe("entries of pool.json that cannot be read; they are kept as they are"),
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
    const nameOf = nameAmong(pool.accounts);
    return {
      accounts: reportAccounts(snapshot, ctx.now(), readFigures(ctx, snapshot)),
      activeAccountId: active?.id ?? null,
      findings: [
        ...findingsOf(
          refreshInterrupted,
          snapshot.interrupted.map((account) => interruptedRenewal({ account, name: nameOf(account) })),
        ),
        ...findingsOf(renewalUnclear, unclearRenewals(pool.accounts, ctx.now())),
        ...findingsOf(loginFlagged, flagged(pool.accounts, pool.accounts)),
        ...findingsOf(accountMoving, movingAccounts(pool)),
        ...findingsOf(loginUnknown, unknownLogin(snapshot)),
      ],
      unreadable: pool.unreadable.length,
    };
  },
  render: ({ accounts }, ui) => (accounts.length === 0 ? noAccounts : accountLines(accounts, ui)),
  notes: ({ accounts, findings, unreadable }) => [
    ...findings
      // What an empty list says itself.
      .filter(({ id }) => accounts.length > 0 || id !== loginUnknown.id)
      .map(({ message, fix }) => (fix === null ? message : `${message} Type: ${fix}`)),
    ...(unreadable === 0
      ? []
      : [`${unreadable} of the entries in pool.json cannot be read; they were left as they are.`]),
  ],
});

const noAccounts =
  "No accounts yet. Take in the login you have: codex auth import, or add one: codex auth login";

function accountLines(accounts: readonly AccountReport[], ui: Ui): string {
  const quotas = limitColumns(accounts, ui.nowMs);
  const hasLabels = accounts.some(({ label }) => label !== null);
  const hasSeats = new Set(accounts.map(({ name }) => name)).size < accounts.length;
  const columns: Column[] = [
    { title: "" },
    { title: "#" },
    ...(hasLabels ? [{ title: "LABEL", least: 8 }] : []),
    { title: "ACCOUNT", least: 16 },
    ...(hasSeats ? [{ title: "WORKSPACE", least: 8 }] : []),
    { title: "PLAN", drop: 3 },
    { title: "STATE" },
    ...quotas.columns,
    { title: "LOGIN", drop: 2 },
  ];
  const rows = accounts.map((account) => [
    account.active ? "*" : "",
    String(account.row),
    ...(hasLabels ? [account.label ?? ""] : []),
    account.name,
    ...(hasSeats ? [account.accountId ?? ""] : []),
    account.plan ?? account.kind,
    stateWords[account.state],
    ...quotas.cells(account),
    credentialText(account, ui.nowMs),
  ]);
  return table(columns, rows, ui, (cell, row, { title }) => {
    const account = accounts[row];
    if (title === "STATE" && account?.state !== "ready") return ui.yellow(cell);
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
