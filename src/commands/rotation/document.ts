import type { Zod } from "../../program/command.ts";
import type { AccountStatus, NotServed, RotationStatus } from "../../proxy/options.ts";
import { counted, countText, durationText, isoTime, relativeText } from "../../text/times.ts";
import { lastDecisionLines } from "../../reports/decision.ts";
import type { RotationEntry } from "../../store/files/rotation.ts";
import { type Cell, table } from "../../ui/table.ts";
import type { Ui } from "../../ui/ui.ts";

const time = (z: Zod) => z.iso.datetime().nullable();

const accountSchema = (z: Zod) =>
  z.object({
    id: z.string(),
    label: z.string().nullable(),
    email: z.string().nullable(),
    plan: z.string().nullable(),
    state: z.enum(["ready", "paused", "limited", "cooling", "login-needed", "unusable"]),
    reason: z.string().nullable(),
    returnsAt: time(z).describe("when it may serve again"),
    served: z.int().describe("requests that it answered"),
    failedOver: z.int().describe("requests that failed on it and went on to another account"),
    inFlight: z.int(),
    lastError: z.object({ at: z.iso.datetime(), code: z.string(), message: z.string() }).nullable(),
    tokens: z.object({ input: z.int(), cachedInput: z.int(), output: z.int() }),
  });

const decisionSchema = (z: Zod) =>
  z.object({
    at: z.iso.datetime(),
    kind: z.enum(["use", "hold", "wait"]),
    accountId: z.string().nullable(),
    reason: z.string(),
    outcome: z.string().nullable().describe("null while it runs"),
  });

/** The proxy as it describes itself. No key is in it. */
export const proxySchema = (z: Zod) =>
  z.object({
    url: z.string().describe("for a Codex whose login is in the pool; other clients need the key too"),
    port: z.int(),
    pid: z.int(),
    startedAt: z.iso.datetime(),
    uptimeMs: z.int(),
    logFile: z.string().nullable().describe("of a proxy in the background"),
    inFlight: z.int(),
    deferred: z
      .int()
      .describe("new turns refused while accounts were ready: what is left is kept for the turns that run"),
    pin: z.object({ accountId: z.string(), source: z.string() }).nullable(),
    webSocket: z.enum(["refuse", "forward"]),
    problem: z.string().nullable().describe("why the store could not be read or written the last time"),
    accounts: z.array(accountSchema(z)),
    notServed: z
      .array(z.object({ method: z.string(), path: z.string(), count: z.int() }))
      .optional()
      .describe("what clients asked for and the proxy does not serve; absent for an older proxy"),
    decisions: z.array(decisionSchema(z)).describe("the last ten, newest first"),
  });

type ProxyReport = ReturnType<typeof proxyReport>;

export function proxyReport(
  { port, uptimeMs, inFlight, deferred, pin, webSocket, problem, ...status }: RotationStatus,
  { process: { pid }, logFile }: Pick<RotationEntry, "process" | "logFile">,
) {
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    pid,
    startedAt: new Date(status.startedAtMs).toISOString(),
    uptimeMs: Math.max(0, Math.round(uptimeMs)),
    logFile,
    inFlight,
    deferred,
    pin: pin && { accountId: pin.accountId, source: pin.source },
    webSocket,
    problem,
    accounts: status.accounts.map(accountReport),
    ...toldPaths(status.notServed),
    decisions: status.decisions.map(({ atMs, ...decision }) => ({
      at: new Date(atMs).toISOString(),
      ...decision,
    })),
  };
}

function toldPaths(paths: RotationStatus["notServed"]): { notServed?: NotServed[] | undefined } {
  return paths === undefined ? {} : { notServed: paths.map((each) => ({ ...each })) };
}

function accountReport({ returnsAtMs, lastError, ...account }: AccountStatus) {
  return {
    ...account,
    returnsAt: returnsAtMs === null ? null : isoTime(returnsAtMs),
    lastError: lastError && {
      at: new Date(lastError.atMs).toISOString(),
      code: lastError.code,
      message: lastError.message,
    },
  };
}

const columns = [
  { title: "ACCOUNT", least: 16 },
  { title: "STATE", shorten: [2] },
  { title: "SERVED", isRight: true },
  { title: "MOVED ON", drop: 1, isRight: true },
  { title: "TOKENS", shorten: [3] },
  { title: "LAST ERROR", shorten: [4], drop: 5 },
];

type NotServedRow = NonNullable<ProxyReport["notServed"]>[number];
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
  if (pin) lines.push(`Only ${name(pin.accountId)} may serve (${pin.source}).`);
  if (problem !== null) lines.push(ui.red(`Trouble with the store: ${problem}`));
  const rows = accounts.map((account) => accountRow(account, ui));
  lines.push("", table(columns, rows, ui));
  const { notServed = [] } = proxy;
  if (notServed.length > 0)
    lines.push("", "Asked for, and not served here:", ...notServed.map(notServedLine));
  const decisions = proxy.decisions.map((each) => Object.assign({ name: name(each.accountId) }, each));
  return [...lines, ...lastDecisionLines(decisions, ui)];
}

function notServedLine({ method, path, count }: NotServedRow): string {
  return `${method} ${path}, ${counted(count, "time")}`;
}

function accountRow(account: Account, { nowMs }: Ui): Cell[] {
  const { state, reason, returnsAt, served, failedOver, tokens, lastError } = account;
  const back = returnsAt === null ? "" : `, back ${relativeText(returnsAt, nowMs)}`;
  return [
    nameOf(account),
    reason === null ? state : [`${state}: ${reason}${back}`, `${state}${back}`],
    String(served),
    String(failedOver),
    [
      `${countText(tokens.input)} in, ${countText(tokens.output)} out`,
      countText(tokens.input + tokens.output),
    ],
    lastError === null ? "" : [`${lastError.code} ${relativeText(lastError.at, nowMs)}`, lastError.code],
  ];
}

function nameOf(account: Account | undefined): string {
  if (account === undefined) return "-";
  return account.label ?? account.email ?? account.id;
}
