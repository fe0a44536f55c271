import type * as zod from "zod";
import type { Context } from "../../context.ts";
import type { Database } from "../../database/database.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { answerText } from "../../errors/upstream-body.ts";
import { networkCode } from "../../openai/backend.ts";
import type { Zod } from "../../program/command.ts";
import { lastDecisionLines } from "../../reports/decision.ts";
import { refuseSecondServer, type RotationEntry } from "../../store/files/rotation.ts";
import { field, jsonOrNull, numberField, readList, readText, textField } from "../../text/json.ts";
import type { Ui } from "../../ui/ui.ts";
import { isLoopback } from "./address.ts";

/** Where the gateway of this store is, as far as another process can tell. */
type GatewayState =
  | { readonly kind: "none" }
  | { readonly kind: "killed"; readonly entry: RotationEntry }
  | { readonly kind: "running"; readonly entry: RotationEntry }
  | ({ readonly kind: "silent"; readonly entry: RotationEntry } & Trouble);

/** Half a sentence about a gateway that does not serve as it should. */
interface Trouble {
  readonly why: string;
  readonly isDatabaseAway: boolean;
}

const restMs = 50;
const patienceMs = 20_000;
export const graceMs = 30_000;

export async function findGateway(ctx: Context): Promise<GatewayState> {
  const found = ctx.store.gateway.read();
  if (found === null) return { kind: "none" };
  const { entry, liveness } = found;
  // The entry stays until a start, a stop or a fix: doctor finds by it who answers on the port now.
  if (liveness === "dead") return { kind: "killed", entry };
  const trouble = await troubleOf(ctx, entry);
  return trouble === null ? { kind: "running", entry } : { kind: "silent", entry, ...trouble };
}

async function troubleOf(ctx: Context, { port }: RotationEntry): Promise<Trouble | null> {
  try {
    const signal = AbortSignal.timeout(5_000);
    const response = await ctx.fetch(`http://127.0.0.1:${port}/health/ready`, { signal });
    const status = textField(jsonOrNull(await answerText(response, longestAnswer)), "status");
    if (response.ok && status === "ok") return null;
    const why = status ? `it says "${status}"` : `it answers with status ${response.status}`;
    return { why, isDatabaseAway: status === "database away" };
  } catch (error) {
    return { why: networkCode(error), isDatabaseAway: false };
  }
}

export function gatewayUrl({ port }: RotationEntry): string {
  return `http://127.0.0.1:${port}/v1`;
}

export function gatewayText(state: GatewayState): string {
  if (state.kind === "none") return "The gateway is not running.";
  const { pid } = state.entry.process;
  if (state.kind === "running") return `The gateway listens at ${gatewayUrl(state.entry)} (process ${pid}).`;
  if (state.kind === "killed") return `The gateway (process ${pid}) was killed; it is not running any more.`;
  return `The gateway (process ${pid}, port ${state.entry.port}) is not well: ${state.why}.`;
}

const startHint = "Start it: codex auth gateway start";

/** What to do about a gateway that does not serve; clients keep the address of one that was killed. */
export function startHints(state: GatewayState): string[] {
  if (state.kind === "none") return [startHint];
  if (state.kind === "running") return [];
  const { port } = state.entry;
  if (state.kind === "killed")
    return [`Start it where clients look for it: codex auth gateway start --port ${port}`];
  return state.isDatabaseAway ? ["See why: codex auth gateway database check"] : [];
}

export async function runningGateway(ctx: Context): Promise<RotationEntry> {
  const state = await findGateway(ctx);
  if (state.kind === "running" || state.kind === "silent") return state.entry;
  throw new CodexAuthError("gateway_not_running", gatewayText(state), {
    hint: startHints(state).join(" "),
  });
}

/** Null also where its entry cannot be read: what was done is told all the same. */
export function gatewayBeside({ store }: Pick<Context, "store">): RotationEntry | null {
  try {
    const found = store.gateway.read();
    return found?.liveness === "alive" ? found.entry : null;
  } catch (error) {
    if (error instanceof CodexAuthError) return null;
    throw error;
  }
}

/** Asks it to end and waits until it has. */
export async function stopGateway(ctx: Context, state: GatewayState, isNow: boolean): Promise<void> {
  if (state.kind === "none") return;
  if (state.kind === "killed") return await ctx.store.gateway.sweep();
  const { pid } = state.entry.process;
  if (ctx.store.gateway.read()?.liveness !== "alive") {
    throw new CodexAuthError("gateway_not_running", gatewayText(state), {
      hint: `Nothing was ended: process ${pid} cannot be proven to be the gateway.`,
    });
  }
  ctx.sendSignal(pid, isNow ? "SIGHUP" : "SIGTERM");
  ctx.sendSignal(pid, "SIGCONT");
  for (let leftMs = graceMs + 10_000; leftMs > 0; leftMs -= restMs) {
    const found = ctx.store.gateway.read();
    if (found === null || found.liveness === "dead") return await ctx.store.gateway.sweep();
    await ctx.sleep(restMs);
  }
  throw new CodexAuthError("command_failed", `The gateway (process ${pid}) does not end.`, {
    hint: `End its requests too: codex auth gateway stop --now. The last means: kill -9 ${pid}`,
  });
}

/** Set for the process in the background, which knows by it where its output goes. */
export const backgroundVariable = "CODEX_AUTH_GATEWAY_LOG";

/** Starts it in a process of its own, and resolves when it listens. */
export async function startInBackground(
  ctx: Context,
  argv: readonly string[],
  extra: Context["env"],
): Promise<RotationEntry> {
  const { gateway } = ctx.store;
  const log = await gateway.openLog();
  const env = { ...ctx.env, ...extra, [backgroundVariable]: gateway.logFile };
  const child = ctx.startDetached(["gateway", "start", ...argv], { env, log });
  for (let leftMs = patienceMs; leftMs > 0 && !child.hasEnded(); leftMs -= restMs) {
    await ctx.sleep(restMs);
    if (gateway.read()?.entry.process.pid !== child.pid) continue;
    const state = await findGateway(ctx);
    if (state.kind === "running") return state.entry;
  }
  const other = gateway.read();
  if (other?.entry.process.pid !== child.pid) refuseSecondServer(other, "gateway");
  const said = (gateway.readLog().trim().split("\n")[0] ?? "") || "It said nothing.";
  throw new CodexAuthError("command_failed", `The gateway did not start in the background. ${said}`, {
    hint: `Its log: ${gateway.logFile}. To see it start: codex auth gateway start`,
  });
}

/** Where the keys are: `--database`, else CODEX_AUTH_DATABASE, else that of the gateway that runs, else the file of this pool. */
export function databaseAddress({ env, store }: Pick<Context, "env" | "store">, wanted?: string): string {
  if (wanted === "") {
    // As of a variable that is not set; what was meant is not the file of this pool.
    throw new CodexAuthError("usage", "--database names no database.", {
      hint: "Give a file or an address, as in --database postgres://db/codex; without the option the file of this pool is used.",
    });
  }
  const named = wanted ?? env["CODEX_AUTH_DATABASE"];
  if (named !== undefined && named !== "") return named;
  const running = store.gateway.read();
  const isAlive = running !== null && running.liveness !== "dead";
  return (isAlive ? running.entry.database : undefined) ?? store.gatewayFiles.database;
}

/** Opens it for one command. */
export async function withDatabase<T>(
  ctx: Pick<Context, "env" | "store" | "databaseDrivers" | "now">,
  wanted: string | undefined,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openGatewayDatabase(ctx, databaseAddress(ctx, wanted));
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

export async function openGatewayDatabase(
  { env, store, databaseDrivers: drivers, now }: Pick<Context, "env" | "store" | "databaseDrivers" | "now">,
  address: string,
): Promise<Database> {
  const { openDatabase } = await import("../../database/open-database.ts");
  const { makeDatabase: makeFile, databaseId: fileId } = store.gatewayFiles;
  return await openDatabase({ address, drivers, now, env, makeFile, fileId });
}

interface Listening {
  readonly url: string;
  readonly accounts: number;
  readonly hasKeys: boolean;
  readonly publicUrl: URL | null;
}

/** What is said when it listens. */
export function startLines({ url, accounts, hasKeys, publicUrl }: Listening): [string, ...string[]] {
  const noAccount = "The pool has no account yet, so no request can be served. Add one: codex auth login";
  const open = `Keys and questions travel to ${publicUrl?.origin} unencrypted, unless something in between encrypts them.`;
  const next = hasKeys ? "What a client needs" : "Make a key for a client";
  return [
    `The gateway listens at ${url}`,
    ...(accounts === 0 ? [noAccount] : []),
    ...(publicUrl?.protocol === "http:" && !isLoopback(publicUrl.hostname) ? [open] : []),
    `${next}: codex auth gateway ${hasKeys ? "client env" : "key create <name>"}`,
  ];
}

export const decisionSchema = (z: Zod) =>
  z.object({
    at: z.iso.datetime(),
    kind: z.string().describe("use, hold or wait"),
    accountId: z.string().nullable(),
    accountName: z.string().nullable(),
    client: z.string().nullable().describe("name of the key whose request it was"),
    reason: z.string(),
    outcome: z.string().nullable().describe("null while it runs"),
  });

type DecisionReport = zod.infer<ReturnType<typeof decisionSchema>>;

const longestAnswer = 1_000_000;

/** What the gateway that runs decided last, newest first; none where it does not tell, as an older one. */
export async function askDecisions(ctx: Context, { port, key }: RotationEntry): Promise<DecisionReport[]> {
  try {
    const signal = AbortSignal.timeout(5_000);
    const headers = { authorization: `Bearer ${key}` };
    const response = await ctx.fetch(`http://127.0.0.1:${port}/decisions`, { headers, signal });
    const body = await answerText(response, longestAnswer);
    return response.ok ? readList(field(jsonOrNull(body), "decisions")).map(decisionOf) : [];
  } catch {
    return [];
  }
}

function decisionOf(value: unknown): DecisionReport {
  const text = (name: string) => readText(field(value, name));
  return {
    at: new Date(numberField(value, "atMs") ?? 0).toISOString(),
    kind: text("kind") ?? "",
    accountId: text("accountId"),
    accountName: text("accountName"),
    client: text("client"),
    reason: text("reason") ?? "",
    outcome: text("outcome"),
  };
}

export function decisionLines(decisions: readonly DecisionReport[], ui: Ui): string[] {
  const named = decisions.map((each) => Object.assign({ name: each.accountName ?? "no account" }, each));
  return lastDecisionLines(named, ui);
}
