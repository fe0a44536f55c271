import { closeSync } from "node:fs";
import type { Context, Detached } from "../cli/context.ts";

interface Run {
  env: Context["env"];
  /** An open file. */
  log: number;
}

export function startDetached(program: string, argv: readonly string[], { env, log }: Run): Detached {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn(process.execPath, [program, ...argv], {
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...env },
  });
  closeSync(log);
  let hasEnded = false;
  child.once("error", () => (hasEnded = true));
  child.once("exit", () => (hasEnded = true));
  child.unref();
  return { pid: child.pid ?? 0, hasEnded: () => hasEnded };
}
