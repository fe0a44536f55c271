import type { CodexProcess } from "./codex-processes.ts";
import type { Snapshot } from "./store.ts";

/** Running Codex that was started before the active account was made live. */
export function processesOnOldLogin(
  { processes }: { processes: () => CodexProcess[] | null },
  { active, pool }: Snapshot,
): CodexProcess[] {
  const since = pool.activeSince;
  if (active === null || since === null) return [];
  return (processes() ?? []).filter(({ startedAt }) => startedAt < since);
}
