import { counted, countText } from "../ui/count-text.ts";
import { safeText } from "../ui/safe-text.ts";
import { renderTable } from "../ui/table.ts";
import { clockText, durationText, relativeText } from "../ui/time.ts";
import type { Ui } from "../ui/ui.ts";
import type { ProxyReport } from "./rotation-report.ts";

type NotServed = NonNullable<ProxyReport["notServed"]>[number];
type Account = ProxyReport["accounts"][number];

/** What `rotation status` says below its first line. */
export function rotationLines(proxy: ProxyReport, ui: Ui): string[] {
  const { uptimeMs, inFlight, deferred, pid, pin, problem, accounts } = proxy;
  const name = (id: string | null) => nameOf(accounts.find((account) => account.id === id));
  const lines = [`Process ${pid}, running for ${durationText(uptimeMs)}, ${inFlight} in flight.`];
  if (deferred > 0)
    lines.push(
      `${counted(deferred, "new turn")} refused while accounts were ready: what was left is kept for turns that run.`,
    );
  if (pin) lines.push(`Only ${name(pin.accountId)} may serve (${safeText(pin.source)}).`);
  if (problem !== null) lines.push(ui.red(`Trouble with the store: ${safeText(problem)}`));
  const rows = accounts.map((account) => accountRow(account, ui));
  lines.push("", renderTable(["ACCOUNT", "STATE", "SERVED", "MOVED ON", "TOKENS", "LAST ERROR"], rows));
  const { notServed = [] } = proxy;
  if (notServed.length > 0)
    lines.push("", "Asked for, and not served here:", ...notServed.map(notServedLine));
  const decisions = proxy.decisions.map(
    ({ at, kind, accountId, reason, outcome }) =>
      `${clockText(at, ui.nowMs)} ${kind} ${name(accountId)} (${reason}): ${safeText(outcome ?? "runs")}`,
  );
  return decisions.length === 0 ? lines : [...lines, "", "Last decisions:", ...decisions];
}

function notServedLine({ method, path, count }: NotServed): string {
  return `${safeText(method)} ${safeText(path)}, ${counted(count, "time")}`;
}

function accountRow(account: Account, { nowMs }: Ui): string[] {
  const { state, reason, returnsAt, served, failedOver, tokens, lastError } = account;
  const back = returnsAt === null ? "" : `, back ${relativeText(returnsAt, nowMs)}`;
  return [
    nameOf(account),
    reason === null ? state : `${state}: ${safeText(reason)}${back}`,
    String(served),
    String(failedOver),
    `${countText(tokens.input)} in, ${countText(tokens.output)} out`,
    lastError === null ? "" : `${safeText(lastError.code)} ${relativeText(lastError.at, nowMs)}`,
  ];
}

function nameOf(account: Account | undefined): string {
  if (account === undefined) return "-";
  return safeText(account.label ?? account.email ?? account.id);
}
