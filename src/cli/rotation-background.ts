import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { refuseSecondServer } from "../store/rotation-file.ts";
import { safeText } from "../ui/safe-text.ts";
import type { Context } from "./context.ts";
import { findRotation } from "./rotation-client.ts";
import type { RunningRotation } from "./rotation-client.ts";

const patienceMs = 20_000;
const restMs = 50;

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
  const said = safeText(rotation.readLog().trim().split("\n")[0] ?? "") || "It said nothing.";
  throw new CodexAuthError("command_failed", `The rotation proxy did not start in the background. ${said}`, {
    hint: `Its log: ${rotation.logFile}. To see it start: codex auth rotation start`,
  });
}
