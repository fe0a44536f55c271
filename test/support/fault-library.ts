import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, type Home, runProcess } from "./store-home.ts";

export type SystemFault = "kill-before" | "kill-after" | "ENOSPC" | "EIO" | "EACCES" | "EROFS";

const source = new URL("fault-library.c", import.meta.url).pathname;

/** The fault library, built by the compiler of this machine; or why there is none. */
export type FaultLibrary = { path: string; remove: () => void } | { missing: string };

export function buildFaultLibrary(): FaultLibrary {
  if (process.platform !== "linux") return { missing: "LD_PRELOAD is Linux's" };
  const folder = mkdtempSync(join(tmpdir(), "codex-auth-faults-"));
  const path = join(folder, "faults.so");
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const args = ["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", path, source, "-ldl"];
  const { error, stderr } = spawnSync("cc", args, { encoding: "utf8" });
  if (existsSync(path)) return { path, remove };
  remove();
  return { missing: error ? "there is no C compiler (cc)" : `cc failed: ${stderr}` };
}

/** Runs the binary and lets the n-th system call that changes something in its home meet the fault. */
export function runWithFault(
  home: Home,
  args: readonly string[],
  { library, at, fault }: { library: string; at: number; fault: SystemFault },
): Promise<Ended> {
  const isKill = fault === "kill-before" || fault === "kill-after";
  const env = {
    LD_PRELOAD: library,
    FAULT_ROOT: home.dir,
    FAULT_AT: String(at),
    FAULT_WITH: isKill ? fault : String(constants.errno[fault]),
  };
  return runProcess(home, args, { env });
}

/** How many system calls of this command change something. */
export async function countCalls(home: Home, args: readonly string[], library: string): Promise<number> {
  const log = join(home.root, "calls");
  const env = { LD_PRELOAD: library, FAULT_ROOT: home.dir, FAULT_COUNT: log };
  await runProcess(home, args, { env });
  return existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").length : 0;
}
