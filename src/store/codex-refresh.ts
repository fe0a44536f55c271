import { isUntouched } from "./auth-file.ts";
import type { CodexProcess } from "./codex-processes.ts";
import { isIdle as isIdleProcess } from "./idle-codex.ts";
import type { Store } from "./store.ts";

interface Effects {
  sleep: (ms: number) => Promise<void>;
  store: Store;
  processes: () => CodexProcess[] | null;
  /** Whether this process certainly renews no token now. */
  isIdle?: (pid: number) => boolean;
}

const waitMs = 10_000;
const lookMs = 60;
const quietLooks = 4;

/** Those that may be renewing the login of auth.json. One that starts now reads the file first. */
function busyCodex({ processes, isIdle = isIdleProcess }: Effects): CodexProcess[] {
  return (processes() ?? []).filter(({ pid }) => !isIdle(pid));
}

/** Whether no Codex is at work, seen several times in a row: between two steps of its work it looks idle too. */
export async function isQuiet(fx: Effects): Promise<boolean> {
  if (fx.processes()?.length === 0) return true;
  for (let look = 1; ; look += 1) {
    if (busyCodex(fx).length > 0) return false;
    if (look === quietLooks) return true;
    await fx.sleep(lookMs);
  }
}

/**
 * A Codex that runs in this home renews the token in auth.json itself when it is about to end. Waits up to ten seconds
 * for it to do so. `changed`: auth.json is another; `quiet`: no Codex is at work; `busy`: one still is.
 */
export async function awaitCodexRefresh(fx: Effects): Promise<"changed" | "quiet" | "busy"> {
  const { live } = await fx.store.read();
  const deadlineMs = Date.now() + waitMs;
  for (;;) {
    const isOver = await isQuiet(fx);
    if (!isUntouched(live, (await fx.store.read()).live)) return "changed";
    if (isOver) return "quiet";
    if (Date.now() >= deadlineMs) return "busy";
    await fx.sleep(250 - lookMs);
  }
}
