import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { isRecord } from "../errors/json-value.ts";
import type { RotationStatus } from "../proxy/options.ts";
import type { RotationEntry } from "../store/rotation-file.ts";
import { networkCode } from "../upstream/network-failure.ts";
import type { Context } from "./context.ts";
import { graceMs } from "./rotation-serve.ts";

/** Where the proxy of this store is, as far as another process can tell. */
export type RotationState =
  | { kind: "none" }
  /** It was killed, and its entry was removed now. */
  | { kind: "killed"; entry: RotationEntry }
  | { kind: "silent"; entry: RotationEntry; why: string }
  | { kind: "running"; entry: RotationEntry; status: RotationStatus };

/** Looks for the proxy and asks it, over loopback and with its key, how it is. */
export async function findRotation(ctx: Context): Promise<RotationState> {
  const { rotation } = ctx.store;
  const found = rotation.read();
  if (found === null) return { kind: "none" };
  const { entry, liveness } = found;
  if (liveness === "dead") {
    await rotation.release();
    return { kind: "killed", entry };
  }
  const answer = await askStatus(ctx, entry);
  return typeof answer === "string"
    ? { kind: "silent", entry, why: answer }
    : { kind: "running", entry, status: answer };
}

/** The status, or why there is none. Only who has our key can have written the entry that names it. */
async function askStatus(ctx: Context, { port, key }: RotationEntry): Promise<RotationStatus | string> {
  try {
    const signal = AbortSignal.timeout(5000);
    const response = await ctx.fetch(`http://127.0.0.1:${port}/${key}/status`, { signal });
    const body: unknown = await response.json();
    return response.ok && isStatus(body) ? body : `it answered with status ${response.status}`;
  } catch (error) {
    return networkCode(error);
  }
}

function isStatus(body: unknown): body is RotationStatus {
  return isRecord(body) && Array.isArray(body["accounts"]) && Array.isArray(body["decisions"]);
}

export function notRunning(state: RotationState): CodexAuthError {
  return new CodexAuthError("rotation_not_running", stateText(state), {
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
  const { pid } = state.entry.process;
  if (state.kind === "silent" && ctx.store.rotation.read()?.liveness !== "alive") {
    throw new CodexAuthError("rotation_unresponsive", stateText(state), {
      hint: `Nothing was ended: process ${pid} may be another program by now. Look: ps -p ${pid}`,
    });
  }
  ctx.sendSignal(pid, isNow ? "SIGHUP" : "SIGTERM");
  for (let leftMs = graceMs + 10_000; leftMs > 0; leftMs -= restMs) {
    const found = ctx.store.rotation.read();
    if (found === null || found.liveness === "dead" || found.entry.process.pid !== pid)
      return await ctx.store.rotation.release();
    await ctx.sleep(restMs);
  }
  throw new CodexAuthError("rotation_unresponsive", `The rotation proxy (process ${pid}) does not end.`, {
    hint: `End its requests too: codex auth rotation stop --now. The last means: kill -9 ${pid}`,
  });
}

const restMs = 50;
