import type { Context, Finished } from "../cli/context.ts";

/** Runs a program to its end, without a shell and without input, and keeps what it prints. */
export function runToEnd(
  command: string,
  args: readonly string[],
  env: Context["env"],
  timeoutMs?: number,
): Promise<Finished> {
  return new Promise((resolve) => {
    // Loaded when needed: it costs a tenth of the time that Node needs to start.
    const { spawn } = process.getBuiltinModule("node:child_process");
    const child = spawn(command, args, {
      env: { ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    child.once("error", () => resolve({ code: null, output }));
    child.once("close", (code) => resolve({ code, output }));
  });
}
