import { safe } from "../../text/safe-text.ts";
import { shellWord } from "../../text/shell-words.ts";
import type { Context } from "../../context.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { answerText } from "../../errors/upstream-body.ts";
import { networkCode } from "../../openai/backend.ts";
import type { RotationStatus } from "../../proxy/options.ts";
import { refuseSecondServer, type RotationEntry } from "../../store/files/rotation.ts";
import { isRecord } from "../../text/json.ts";
import { graceMs } from "./serve.ts";

/** Where the proxy of this store is, as far as another process can tell. */
export type RotationState =
  | { kind: "none" }
  /** It was killed, and its entry was removed now. */
  | { kind: "killed"; entry: RotationEntry }
  | { kind: "silent"; entry: RotationEntry; why: string }
  | RunningRotation;

export interface RunningRotation {
  kind: "running";
  entry: RotationEntry;
  status: RotationStatus;
}

/** Looks for the proxy and asks it, over loopback and with its key, how it is. */
export async function findRotation(ctx: Context): Promise<RotationState> {
  const { rotation } = ctx.store;
  const found = rotation.read();
  if (found === null) return { kind: "none" };
  const { entry, liveness } = found;
  if (liveness === "dead") {
    await rotation.sweep();
    return { kind: "killed", entry };
  }
  const answer = found.isSuspended ? suspendedText(entry) : await askStatus(ctx, entry);
  if (typeof answer !== "string") return { kind: "running", entry, status: answer };
  const isEnding = answer === "ECONNREFUSED" && liveness === "alive";
  const why = isEnding ? "it is ending, when the requests that run have ended" : answer;
  return { kind: "silent", entry, why };
}

/**
 * The proxy that somebody asks about: of the run in which the question is put, else the one that was started, else that
 * of the newest run.
 */
export async function findAskedRotation(ctx: Context): Promise<RotationState & { isRun: boolean }> {
  const runs = ctx.store.rotationRuns.read();
  const inside = runs.find(({ port }) => ctx.env["OPENAI_BASE_URL"] === `http://127.0.0.1:${port}/v1`);
  if (inside) return { ...(await stateOf(ctx, inside)), isRun: true };
  const started = await findRotation(ctx);
  const [newest] = runs;
  if (started.kind !== "none" || newest === undefined) return { ...started, isRun: false };
  return { ...(await stateOf(ctx, newest)), isRun: true };
}

async function stateOf(ctx: Context, entry: RotationEntry): Promise<RotationState> {
  const answer = await askStatus(ctx, entry);
  return typeof answer === "string"
    ? { kind: "silent", entry, why: answer }
    : { kind: "running", entry, status: answer };
}

/** A thousand accounts, and some. */
const longestStatus = 8_000_000;

/** The status, or why there is none. Only who has our key can have written the entry that names it. */
async function askStatus(ctx: Context, { port, key }: RotationEntry): Promise<RotationStatus | string> {
  try {
    const signal = AbortSignal.timeout(5000);
    const response = await ctx.fetch(`http://127.0.0.1:${port}/${key}/status`, { signal });
    // Another program may have the port by now.
    const body: unknown = JSON.parse(await answerText(response, longestStatus));
    return response.ok && isStatus(body) ? body : `it answered with status ${response.status}`;
  } catch (error) {
    const code = networkCode(error);
    return code === "TimeoutError" ? "no answer came in 5 s" : code;
  }
}

function suspendedText({ process: { pid } }: RotationEntry): string {
  return `it is suspended, as by Ctrl-Z; fg, or kill -CONT ${pid}, lets it go on`;
}

function isStatus(body: unknown): body is RotationStatus {
  return isRecord(body) && Array.isArray(body["accounts"]) && Array.isArray(body["decisions"]);
}

/** The proxy that runs and answers. Throws `rotation_not_running`. */
export async function runningRotation(ctx: Context): Promise<RunningRotation> {
  const state = await findRotation(ctx);
  if (state.kind === "running") return state;
  throw new CodexAuthError("rotation_not_running", stateText(state), {
    hint: "Start it: codex auth rotation start. For one run: codex auth exec --rotate -- codex",
  });
}

export function stateText(state: RotationState): string {
  if (state.kind === "none") return "The rotation proxy is not running.";
  const { port, process } = state.entry;
  const who = `The rotation proxy (process ${process.pid}, port ${port})`;
  if (state.kind === "killed") return `${who} was killed; it is not running any more.`;
  return state.kind === "silent" ? `${who} does not answer: ${state.why}.` : `${who} is running.`;
}

/**
 * Asks the proxy to end and waits until it has. A signal goes only to a process that is proven to be the proxy: by its
 * start time, or because it answers to our key.
 */
export async function stopRotation(ctx: Context, state: RotationState, isNow: boolean): Promise<void> {
  if (state.kind === "none" || state.kind === "killed") return;
  const { pid, host } = state.entry.process;
  if (state.kind === "silent" && ctx.store.rotation.read()?.liveness !== "alive") {
    throw new CodexAuthError("rotation_unresponsive", stateText(state), {
      hint: safe`Nothing was ended: process ${pid} of ${host} may be another program by now, or one that cannot be seen from here. If no proxy runs there any more: rm ${shellWord(ctx.store.rotation.path)}`,
    });
  }
  ctx.sendSignal(pid, isNow ? "SIGHUP" : "SIGTERM");
  // One that is suspended hears of nothing before it goes on.
  ctx.sendSignal(pid, "SIGCONT");
  for (let leftMs = graceMs + 10_000; leftMs > 0; leftMs -= restMs) {
    const found = ctx.store.rotation.read();
    if (found === null || found.liveness === "dead" || found.entry.process.pid !== pid)
      return await ctx.store.rotation.sweep();
    await ctx.sleep(restMs);
  }
  throw new CodexAuthError("rotation_unresponsive", `The rotation proxy (process ${pid}) does not end.`, {
    hint: `End its requests too: codex auth rotation stop --now. The last means: kill -9 ${pid}`,
  });
}

const restMs = 50;

const patienceMs = 20_000;
/** Set for the process in the background, which knows by it where its output goes. */
export const backgroundVariable = "CODEX_AUTH_ROTATION_LOG";

/** Starts the proxy in a process of its own, and resolves when it answers. */
export async function startInBackground(ctx: Context, argv: readonly string[]): Promise<RunningRotation> {
  const { rotation } = ctx.store;
  const log = await rotation.openLog();
  const env = { ...ctx.env, [backgroundVariable]: rotation.logFile };
  const child = ctx.startDetached(["rotation", "start", ...argv], { env, log });
  for (let leftMs = patienceMs; leftMs > 0 && !child.hasEnded(); leftMs -= restMs) {
    await ctx.sleep(restMs);
    if (rotation.read()?.entry.process.pid !== child.pid) continue;
    const state = await findRotation(ctx);
    if (state.kind === "running") return state;
  }
  const other = rotation.read();
  if (other?.entry.process.pid !== child.pid) refuseSecondServer(other, "rotation");
  const said = (rotation.readLog().trim().split("\n")[0] ?? "") || "It said nothing.";
  throw new CodexAuthError("command_failed", `The rotation proxy did not start in the background. ${said}`, {
    hint: `Its log: ${rotation.logFile}. To see it start: codex auth rotation start`,
  });
}
