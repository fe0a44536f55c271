import { readFileSync, readlinkSync } from "node:fs";

/** Names one process of one machine so that a later process can tell whether it still runs. */
export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks since boot; null where the system does not tell cheaply. */
  start: string | null;
  boot: string | null;
  /** Process ids mean nothing outside their namespace: containers may share a folder. */
  pidNamespace: string | null;
  host: string;
}

export type Liveness = "alive" | "dead" | "unknown";

export function currentProcess(): ProcessIdentity {
  return identityOf(process.pid);
}

/** Names a process of this machine that runs now. */
export function identityOf(pid: number): ProcessIdentity {
  return {
    pid,
    start: startTime(pid),
    boot: readOr(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    pidNamespace: readOr(() => readlinkSync("/proc/self/ns/pid")),
    host: process.getBuiltinModule("node:os").hostname(),
  };
}

/** "alive" and "dead" are proofs; anything less is "unknown". */
export function livenessOf(other: ProcessIdentity, self: ProcessIdentity): Liveness {
  if (other.host !== self.host) return "unknown";
  if (other.boot !== null && self.boot !== null && other.boot !== self.boot) return "dead";
  if (other.pidNamespace !== self.pidNamespace) return "unknown";
  if (!isRunning(other.pid) || isZombie(other.pid)) return "dead";
  if (other.start === null) return "unknown";
  const start = startTime(other.pid);
  if (start === null) return "unknown";
  return start === other.start ? "alive" : "dead";
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, but belongs to another user.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** It has ended, and only its parent has not asked how: in a container without an init that may last for ever. */
function isZombie(pid: number): boolean {
  return statField(pid, 3) === "Z";
}

function startTime(pid: number): string | null {
  return statField(pid, 22);
}

/** A field of /proc/<pid>/stat, counted from 1; the command name in field 2 may hold spaces and brackets. */
function statField(pid: number, field: number): string | null {
  return readOr(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[field - 3];
  });
}

function readOr(read: () => string | undefined): string | null {
  try {
    return read() ?? null;
  } catch {
    return null;
  }
}
