import type { Context } from "../context.ts";
import { unknownLogin } from "../doctor/checks/login-unknown.ts";
import { accountName } from "../pool/account.ts";
import { reportAccounts } from "../reports/account.ts";
import { limitLine } from "../reports/limit-columns.ts";
import { readFigures, readPoolState } from "../reports/pool.ts";
import { rankPool, recommend } from "../reports/recommendation.ts";
import { safeText } from "../text/safe-text.ts";
import type { Snapshot } from "../store/store.ts";
import { recommendationLines } from "../ui/forecast-lines.ts";
import type { Ui } from "../ui/ui.ts";

/** What `codex auth` alone says on a terminal: where you are, then what there is to type. */
export async function overview(ctx: Context, ui: Ui): Promise<string> {
  return [...(await statusLines(ctx, ui)), "", ...groupLines(ui), ""].join("\n");
}

async function statusLines(ctx: Context, ui: Ui): Promise<string[]> {
  const state = await readPoolState(ctx);
  const { snapshot, nowMs } = state;
  const { pool, active } = snapshot;
  if (pool.accounts.length === 0)
    return ["No accounts yet. Take in the login you have: codex auth import", "Or add one: codex auth login"];
  const report = reportAccounts(snapshot, nowMs, readFigures(ctx, snapshot)).find((each) => each.active);
  const left = report ? limitLine(report, nowMs) : "";
  const first = active
    ? `${ui.bold(safeText(accountName(active, pool.accounts)))} is active${left === "" ? "" : `: ${left}`}`
    : ui.yellow(safeText(inactiveText(snapshot)));
  return [first, ...recommendationLines(recommend(state, rankPool(state)), ui)];
}

function inactiveText(snapshot: Snapshot): string {
  const [found] = unknownLogin(snapshot);
  return found ? `${found.message} Take it in: ${found.command}` : "No account is active.";
}

/** The groups of the README. */
const groups: readonly (readonly [does: string, commands: string])[] = [
  ["add accounts", "login, import"],
  ["see them", "list, status, watch, report"],
  ["use one", "switch, exec, token"],
  ["in this folder", "use-here"],
  ["all at once", "exec --rotate, rotation, gateway"],
  ["what is left", "forecast, why, guard, check"],
  ["organize them", "label, pause, resume, remove, export, backup, verify-flagged"],
  ["fix", "doctor, fix, explain"],
  ["more", "demo, init, uninstall"],
];

function groupLines(ui: Ui): string[] {
  const width = Math.max(...groups.map(([does]) => does.length));
  return [
    "Usage: codex auth <command> [options]",
    ...groups.map(([does, commands]) => `  ${ui.dim(does.padEnd(width))}  ${commands}`),
    "What each does: codex auth --help",
  ];
}
