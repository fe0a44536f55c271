import { isUntouched } from "./auth-file.ts";
import type { CodexProcess } from "./codex-processes.ts";
import type { Store } from "./store.ts";

interface Effects {
  sleep: (ms: number) => Promise<void>;
  store: Store;
  processes: () => CodexProcess[] | null;
}

const waitMs = 10_000;

/**
 * A Codex that runs in this home renews the token in auth.json itself when it is about to end. Waits up to ten
 * seconds for it to do so; true when auth.json has changed. Without a running Codex there is nothing to wait for.
 */
export async function awaitCodexRefresh({ sleep, store, processes }: Effects): Promise<boolean> {
  if ((processes() ?? []).length === 0) return false;
  const { live } = await store.read();
  for (let waitedMs = 0; waitedMs < waitMs; waitedMs += 250) {
    await sleep(250);
    if (!isUntouched(live, (await store.read()).live)) return true;
    if ((processes() ?? []).length === 0) return false;
  }
  return false;
}
