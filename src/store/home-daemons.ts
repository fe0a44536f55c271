import { codexProcesses } from "./codex-processes.ts";

const politeMs = 5_000;
const patienceMs = 8_000;
const stepMs = 50;

/**
 * Ends the background programs that Codex's terminal interface left running in a private home: they would outlive it.
 * False when another Codex, or one that does not end, still runs there.
 */
export async function endDaemons(home: string, sleep: (ms: number) => Promise<void>): Promise<boolean> {
  const asked = new Set<number>();
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += stepMs) {
    const running = codexProcesses(home) ?? [];
    const daemons = running.filter(({ kind }) => kind === "daemon" || kind === "app-server");
    if (daemons.length === 0) return running.length === 0;
    for (const { pid } of daemons) {
      if (waitedMs >= politeMs) end(pid, "SIGKILL");
      else if (!asked.has(pid)) end(pid, "SIGTERM");
      asked.add(pid);
    }
    await sleep(stepMs);
  }
  return false;
}

function end(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended while we looked.
  }
}
