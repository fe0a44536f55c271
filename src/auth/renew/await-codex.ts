import type { CodexProcess } from "../../machine/codex-processes.ts";
import { isIdle as isIdleProcess } from "../../machine/systems/linux.ts";
import { isUntouched } from "../../store/auth-file.ts";
import type { RenewalStore } from "../../store/pool-store.ts";
import type { Context } from "../../context.ts";

interface Watched extends Pick<Context, "now" | "sleep" | "processes"> {
  store: Pick<RenewalStore, "read">;
  /** Whether this process certainly renews no token now. */
  isIdle?: (pid: number) => boolean;
}

const waitMs = 10_000;
const lookMs = 60;
const quietLooks = 4;

/** Those that may be renewing the login of auth.json. One that starts now reads the file first. */
function busyCodex({ processes, isIdle = isIdleProcess }: Watched): CodexProcess[] {
  return (processes() ?? []).filter(({ pid }) => !isIdle(pid));
}

/** Whether no Codex is at work, seen several times in a row: between two steps of its work it looks idle too. */
export async function isQuiet(ctx: Watched): Promise<boolean> {
  if (ctx.processes()?.length === 0) return true;
  for (let look = 1; ; look += 1) {
    if (busyCodex(ctx).length > 0) return false;
    if (look === quietLooks) return true;
    await ctx.sleep(lookMs);
  }
}

/**
 * A Codex that runs in this home renews the token in auth.json itself when it is about to end. Waits up to ten seconds
 * for it to do so. `changed`: auth.json is another; `quiet`: no Codex is at work; `busy`: one still is.
 */
export async function awaitCodexRefresh(ctx: Watched): Promise<"changed" | "quiet" | "busy"> {
  const { live } = await ctx.store.read();
  const deadlineMs = ctx.now() + waitMs;
  for (;;) {
    const isOver = await isQuiet(ctx);
    if (!isUntouched(live, (await ctx.store.read()).live)) return "changed";
    if (isOver) return "quiet";
    if (ctx.now() >= deadlineMs) return "busy";
    await ctx.sleep(250 - lookMs);
  }
}
