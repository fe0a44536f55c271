import { codexProcesses } from "./codex-processes.ts";

const patienceMs = 3_000;
const stepMs = 50;

/**
 * Ends the background programs that Codex's terminal interface left running in a private home: they would outlive it.
 * False when another Codex, or one that does not end, still runs there.
 */
export async function endDaemons(home: string, sleep: (ms: number) => Promise<void>): Promise<boolean> {
  for (const { pid, kind } of codexProcesses(home) ?? []) {
    if (kind === "daemon" || kind === "app-server") end(pid);
  }
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += stepMs) {
    const left = codexProcesses(home) ?? [];
    if (left.length === 0) return true;
    if (left.every(({ kind }) => kind !== "daemon" && kind !== "app-server")) return false;
    await sleep(stepMs);
  }
  return false;
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch {
    // It ended while we looked.
  }
}
